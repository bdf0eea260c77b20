/**
 * The policies around a call in the order in which they see it, the outermost first. This is the only place that
 * says so: both ends build their chains from it, and leave out what a tool does not use.
 */
export const FRONT_DOOR_POLICIES = [
  /** Before anything costs something. */
  'rateLimit',
  /** A repeated key gets the first result, even when the cache has forgotten it. */
  'idempotency',
  /** A hit needs neither worker nor queue. */
  'cache',
  /** Follows an identical call in flight; so only the leader meets what comes next. */
  'dedup',
  /** For the leader only: a call like it may have ended since its first look. */
  'cacheRecheck',
  /** Refuses at once what would fail on the worker. */
  'breaker',
  /** Last, since it guards the queue itself. */
  'admission',
] as const;

export const WORKER_POLICIES = [
  /** The worker trusts no queue: the signed permission is checked again. */
  'permission',
  /** Outside of everything that can fail, so that it can answer for it. */
  'fallback',
  /** No try, and no wait for one, outlives the deadline. */
  'deadline',
  /** Each try passes what is below on its own. */
  'retry',
  /** Counts each try; refuses without running when open. */
  'breaker',
  /** Waits for the concurrency limits of the tool; a refused try never holds one. */
  'bulkhead',
  /** Hooks of configuration and plugins, nearest to the tool. */
  'middleware',
] as const;

export type FrontDoorPolicy = (typeof FRONT_DOOR_POLICIES)[number];
export type WorkerPolicy = (typeof WORKER_POLICIES)[number];
