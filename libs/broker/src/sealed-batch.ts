import type { JsonObject, WireBatch } from '@millrace/protocol';
import type { Redis } from 'ioredis';
import { cipherOf } from './payload-cipher.ts';

/** The batch as it goes onto the queue: whose it is can be read, what it calls cannot, where payloads are sealed. */
export function sealBatch(redis: Redis, batch: WireBatch): WireBatch {
  const cipher = cipherOf(redis);
  if (cipher.inert) return batch;
  const { calls, ...rest } = batch;
  return { ...rest, sealed: cipher.seal(JSON.stringify(calls), 'batch') };
}

/** @throws MillraceError `no_migration` when it cannot be read here: then it is left to others */
export function openBatch(redis: Redis, batch: WireBatch): WireBatch {
  const { sealed, ...rest } = batch as WireBatch & { readonly sealed?: unknown };
  if (typeof sealed !== 'string') return batch;
  return { ...rest, calls: JSON.parse(cipherOf(redis).open(sealed, 'batch')) as JsonObject[] };
}
