export {
  ContextManager,
  type ContextManagerOptions,
  type ContextRequest,
  DEFAULT_CONTEXT_LIMITS,
} from './context-manager.ts';
export type { AggregateName, EventLog, LoggedEvent, RecordedEvent, Snapshot } from './event-log.ts';
export {
  type AggregateId,
  EventStore,
  type EventStoreOptions,
  type EventStoreParts,
  type Rebuilt,
  type StoredEvent,
} from './event-store.ts';
export type { ContextOwner } from './handle-signer.ts';
export { HybridStateStore, type HybridStateStoreOptions } from './hybrid-state-store.ts';
export type { Invalidations } from './invalidations.ts';
export { type ContextLimits, type KeepOptions, KeptState, type Versioned } from './kept-state.ts';
export { ManagedDatabase } from './managed-database.ts';
export { MemoryEventLog } from './memory-event-log.ts';
export { MemoryStateStore, type MemoryStateStoreOptions } from './memory-state-store.ts';
export { migrate } from './migrate.ts';
export type { NewEvent } from './new-event.ts';
export { type OpenDatabaseOptions, openSqlDatabase } from './open-sql-database.ts';
export { PostgresEventLog } from './postgres-event-log.ts';
export { PostgresStateStore, type PostgresStateStoreOptions } from './postgres-state-store.ts';
export type { RedisCommands } from './redis-commands.ts';
export { RedisEventLog, type RedisEventLogOptions } from './redis-event-log.ts';
export { RedisStateStore, type RedisStateStoreOptions } from './redis-state-store.ts';
export type { SqlDatabase, SqlRow } from './sql-database.ts';
export { StateError, type StateErrorOptions, type StateFailure } from './state-error.ts';
export type { Entry, StateStore } from './state-store.ts';
