import { z } from 'zod';

const ms = z.int().min(1);
const count = z.int().min(1);

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
  /** What answers when the tool cannot: its last good result, or a fixed text. Handlers are given in code. */
  fallback: z
    .union([
      z.strictObject({ kind: z.literal('stale') }),
      z.strictObject({ kind: z.literal('fixed'), text: z.string() }),
    ])
    .optional(),
  /** Runs of the tool at the same time. */
  concurrency: z.strictObject({ perWorker: count.optional(), fleet: count.optional() }).optional(),
  cache: z
    .strictObject({
      ttlMs: ms,
      /** Who may be given the result of somebody else's call. */
      scope: z.enum(['public', 'tenant', 'private']).default('private'),
      /** Results that are errors are kept for this long; 0: never. */
      negativeTtlMs: z.int().min(0).default(0),
      tags: z.array(z.string().min(1)).default([]),
    })
    .optional(),
  /** Whether identical calls in flight run once, and among whom. */
  dedup: z.enum(['off', 'public', 'tenant', 'private']).optional(),
  rateLimit: z
    .strictObject({
      algorithm: z.enum(['sliding-window', 'token-bucket']).default('sliding-window'),
      limit: count.default(100),
      windowMs: ms.default(60_000),
      per: z.enum(['tool', 'tenant', 'principal']).default('principal'),
    })
    .optional(),
  priority: z.enum(['high', 'normal', 'low']).optional(),
  /** A call that would wait longer for a slot is refused at once. */
  maxQueueMs: ms.optional(),
  /** The handler takes calls of many callers at once. */
  batch: z
    .strictObject({
      maxSize: z.int().min(1).max(1_000).default(10),
      maxWaitMs: z.int().min(1).default(100),
      /** Whether calls of several tenants may share a run. */
      perTenant: z.boolean().default(false),
    })
    .optional(),
});

/** Policies of a tool with their defaults filled in. */
export type ToolPolicies = Readonly<z.output<typeof toolPoliciesSchema>>;

/** Policies as an author writes them. */
export type ToolPoliciesInput = z.input<typeof toolPoliciesSchema>;
