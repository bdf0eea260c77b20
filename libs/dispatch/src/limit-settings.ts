import { type RateLimitRule, rateLimitRuleSchema } from '@millrace/protocol';
import { z } from 'zod';

const ms = z.int().min(1);
const count = z.int().min(1);

/** How much a front door takes on, and of whom; part of its settings. All times in milliseconds. */
export const LIMIT_SETTINGS = {
  /** How often a client, or all of a tenant together, may call, whatever they call. */
  rateLimits: z
    .strictObject({ client: rateLimitRuleSchema.optional(), tenant: rateLimitRuleSchema.optional() })
    .default({}),
  /** Whether calls pass uncounted while Redis cannot count them, or are refused. */
  rateLimitOnFailure: z.enum(['open', 'closed']).default('open'),
  /** How long a call waits for Redis to count it. */
  rateLimitTimeoutMs: ms.default(500),
  /** A call that would wait for a slot for longer is refused, unless its tool says otherwise. */
  maxQueueMs: ms.default(300_000),
  /** Calls that may wait for their answers. */
  maxPendingCalls: count.default(100_000),
  /** Bytes of their parameters. */
  maxPendingBytes: count.default(512 * 1024 * 1024),
  /** Turns in each round, for tenants that have more than one. */
  tenantWeights: z.record(z.string().min(1), z.int().min(1).max(1_000)).default({}),
} as const;

/** What the settings come to. */
export interface LimitSettings {
  readonly rateLimits: {
    readonly client?: RateLimitRule | undefined;
    readonly tenant?: RateLimitRule | undefined;
  };
  readonly rateLimitOnFailure: 'open' | 'closed';
  readonly rateLimitTimeoutMs: number;
  readonly maxQueueMs: number;
  readonly maxPendingCalls: number;
  readonly maxPendingBytes: number;
  readonly tenantWeights: Readonly<Record<string, number>>;
}

/** What a front door has unless it is told otherwise. */
export const DEFAULT_LIMIT_SETTINGS: LimitSettings = z.strictObject(LIMIT_SETTINGS).parse({});
