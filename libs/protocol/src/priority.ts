/** How calls of one tenant stand to each other when a pool has more of them than it can run; the most urgent first. */
export const PRIORITIES = ['high', 'normal', 'low'] as const;

export type Priority = (typeof PRIORITIES)[number];

export const DEFAULT_PRIORITY: Priority = 'normal';

/** Under this key of a request's `_meta` a client may ask for a lower priority than the tool has. */
export const PRIORITY_META_KEY = 'dev.millrace/priority';

export function isPriority(value: unknown): value is Priority {
  return typeof value === 'string' && (PRIORITIES as readonly string[]).includes(value);
}

/** The less urgent of two. */
export function lowerPriority(a: Priority, b: Priority): Priority {
  return PRIORITIES.indexOf(a) > PRIORITIES.indexOf(b) ? a : b;
}
