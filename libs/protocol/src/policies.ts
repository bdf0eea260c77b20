import { z } from 'zod';
import { PRIORITIES } from './priority.ts';

const ms = z.int().min(1);
const count = z.int().min(1);

/** How much is allowed in which time, by one of two ways to count. */
export const rateLimitRuleSchema = z.strictObject({
  algorithm: z.enum(['sliding-window', 'token-bucket']).default('sliding-window'),
  /** Calls in a window, or that the bucket holds. */
  limit: count.default(100),
  /** Length of the window, or how long the bucket takes to fill. */
  windowMs: ms.default(60_000),
});

export type RateLimitRule = Readonly<z.output<typeof rateLimitRuleSchema>>;

/** No result is kept for longer, in milliseconds: a week. What is invalidated is remembered for longer than that. */
const MAX_CACHE_MS = 604_800_000;

/**
 * What may be switched on for one tool, in its definition or by configuration. It travels in the catalogue, so that
 * front doors and workers follow the same rules. All times in milliseconds.
 */
export const toolPoliciesSchema = z.strictObject({
  /** Stops calls to a tool, or to what it depends on, that fails again and again. */
  breaker: z
    .strictObject({
      /** Tools with the same name share one breaker; the tool's own name unless given. */
      name: z.string().min(1).optional(),
      failures: count.default(5),
      recoveryMs: ms.default(60_000),
      successes: count.default(3),
    })
    .optional(),
  /** Tries an idempotent tool again when its failure says that this may help. */
  retry: z
    .strictObject({
      attempts: z.int().min(2).max(20).default(3),
      baseMs: ms.default(100),
      maxMs: ms.default(5_000),
    })
    .optional(),
  /** What answers when the tool cannot. */
  fallback: z
    .union([
      /** The last good result for the same arguments. */
      z.strictObject({ kind: z.literal('stale'), maxAgeMs: ms.default(86_400_000) }),
      /** Always the same; `structuredContent` for tools that declare their output. */
      z.strictObject({
        kind: z.literal('fixed'),
        text: z.string(),
        structuredContent: z.record(z.string(), z.unknown()).optional(),
      }),
      /** Another handler: the `fallback` of `defineTool`, which alone can say so. */
      z.strictObject({ kind: z.literal('handler') }),
    ])
    .optional(),
  /** Runs of the tool at the same time. */
  concurrency: z.strictObject({ perWorker: count.optional(), fleet: count.optional() }).optional(),
  /** Answers with the result of an earlier call; see `cacheConflicts` for what does not go with it. */
  cache: z
    .strictObject({
      ttlMs: ms.max(MAX_CACHE_MS),
      /** Who may be given the result of somebody else's call. */
      scope: z.enum(['public', 'tenant', 'private']).default('private'),
      /** Results that are errors are kept for this long; 0: never. */
      negativeTtlMs: z.int().min(0).max(MAX_CACHE_MS).default(0),
      /** By which results are invalidated; `{name}` in a tag stands for the argument of that name. */
      tags: z.array(z.string().min(1)).default([]),
    })
    .optional(),
  /**
   * Whether identical calls in flight run once, and among whom. Unless given, those of one caller do when the tool says
   * of itself that it is read-only and idempotent.
   */
  dedup: z.enum(['off', 'public', 'tenant', 'private']).optional(),
  /** How often the tool may be called, by everybody together, each tenant, or each client. */
  rateLimit: rateLimitRuleSchema
    .extend({ per: z.enum(['tool', 'tenant', 'principal']).default('principal') })
    .optional(),
  /** How calls of a tenant stand to its others when there are more than can run; `normal` unless given. */
  priority: z.enum(PRIORITIES).optional(),
  /** A call that would wait longer for a slot is refused at once. */
  maxQueueMs: ms.optional(),
  /** The handler takes calls of many callers at once: the `batch` of `defineTool`, which alone can say so. */
  batch: z
    .strictObject({
      maxSize: z.int().min(1).max(1_000).default(10),
      maxWaitMs: z.int().min(1).default(100),
      /** Whether calls leave as soon as no other run of the tool is under way, instead of waiting for more. */
      eager: z.boolean().default(true),
      /** Whether only calls of the same tenant share a run. */
      perTenant: z.boolean().default(false),
    })
    .optional(),
});

/** Policies of a tool with their defaults filled in. */
export type ToolPolicies = Readonly<z.output<typeof toolPoliciesSchema>>;

/** Policies as an author writes them. */
export type ToolPoliciesInput = z.input<typeof toolPoliciesSchema>;

/** What may be switched on for reading a resource. */
export const resourcePoliciesSchema = toolPoliciesSchema.pick({ cache: true, dedup: true });

/** Policies of a resource as an author writes them. */
export type ResourcePoliciesInput = z.input<typeof resourcePoliciesSchema>;
