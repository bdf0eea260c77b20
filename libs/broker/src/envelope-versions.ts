import { OLDEST_ENVELOPE_VERSION } from '@millrace/protocol';
import type { WorkerRecord } from './worker-record.ts';

/** The version of the envelope that every worker of a pool can read, by pool: that of its oldest worker. */
export function readableEnvelopes(workers: readonly WorkerRecord[]): ReadonlyMap<string, number> {
  const versions = new Map<string, number>();
  for (const { pools, envelope = OLDEST_ENVELOPE_VERSION } of workers) {
    for (const pool of pools) versions.set(pool, Math.min(versions.get(pool) ?? envelope, envelope));
  }
  return versions;
}
