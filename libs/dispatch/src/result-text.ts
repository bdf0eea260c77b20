import { FALLBACK_META_KEY, isFinalResult, type ToolPolicies } from '@millrace/protocol';

/**
 * What the JSON text of a result tells without being parsed. Inside a string quotation marks are escaped, so neither of
 * these can stand in what a tool wrote as text; in structured content they can, and then a result is taken for less.
 */
const IS_ERROR = '"isError":true';
const FROM_FALLBACK = `"${FALLBACK_META_KEY}":`;

/** How the worker's stamp begins: with the hints of 2026-07-28, where the method has them. */
const HINTS = /^\{"ttlMs":(\d+),"cacheScope":"(?:public|private)"/;

type CacheSettings = NonNullable<ToolPolicies['cache']>;

/** @returns how long the result may be kept, in milliseconds; 0: not at all */
export function keepFor(payload: string, { ttlMs, negativeTtlMs }: CacheSettings): number {
  if (!isFinalResult(payload) || payload.includes(FROM_FALLBACK)) return 0;
  if (payload.includes(IS_ERROR)) return negativeTtlMs;
  // What a resource says of itself counts where it is less.
  const own = Number(HINTS.exec(payload)?.[1] ?? 0);
  return own > 0 ? Math.min(own, ttlMs) : ttlMs;
}

/** @returns the result, with hints that say for how long it will still be given, and to whom */
export function withHints(payload: string, leftMs: number, { scope }: CacheSettings): string {
  if (!payload.startsWith('{"ttlMs":')) return payload;
  const told = scope === 'public' ? 'public' : 'private';
  return payload.replace(HINTS, `{"ttlMs":${Math.max(0, Math.floor(leftMs))},"cacheScope":"${told}"`);
}
