export { BatchCollector, type BatchCollectorOptions, type Joining, type Places } from './batch-collector.ts';
export {
  Breaker,
  type BreakerFleet,
  type BreakerLimits,
  BreakerOpenError,
  type BreakerOptions,
  type Judged,
  type ProbeAnswer,
  type Verdict,
} from './breaker.ts';
export { Bulkhead, type BulkheadWait } from './bulkhead.ts';
export { withDeadline } from './deadline.ts';
export { type FallbackRules, withFallback } from './fallback.ts';
export { type CachedText, MemoryCache, type MemoryCacheOptions } from './memory-cache.ts';
export {
  type Borrowing,
  PoolError,
  type PoolRefusal,
  ResourcePool,
  type ResourcePoolFigures,
  type ResourcePoolOptions,
} from './resource-pool.ts';
export {
  type RetriedCall,
  Retry,
  type RetryOptions,
  type RetryOutcome,
  type RetrySettings,
  type RetryWish,
} from './retry.ts';
export { RetryBudget } from './retry-budget.ts';
export { Slots } from './slots.ts';
