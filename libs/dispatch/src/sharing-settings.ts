import { z } from 'zod';

/** How much a front door keeps of results, and for how long it answers for them; part of its settings. */
export const SHARING_SETTINGS = {
  /** Bytes of cached results in the memory of a front door; 0 keeps none there. */
  cacheMaxBytes: z
    .int()
    .min(0)
    .default(32 * 1024 * 1024),
  /** Cached results in the memory of a front door. */
  cacheMaxEntries: z.int().min(1).max(1_000_000).default(10_000),
  /** A larger result is not cached, in bytes. */
  cacheMaxEntryBytes: z
    .int()
    .min(1)
    .default(1024 * 1024),
  /** How long the result of a call with an idempotency key is kept, in milliseconds. */
  idempotencyTtlMs: z.int().min(1).default(86_400_000),
} as const;

/** What the settings come to. */
export interface SharingSettings {
  readonly cacheMaxBytes: number;
  readonly cacheMaxEntries: number;
  readonly cacheMaxEntryBytes: number;
  readonly idempotencyTtlMs: number;
}

/** What a front door has unless it is told otherwise. */
export const DEFAULT_SHARING_SETTINGS: SharingSettings = z.strictObject(SHARING_SETTINGS).parse({});
