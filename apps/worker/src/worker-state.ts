import {
  connectFailFast,
  disconnect,
  type Keys,
  type RedisSource,
  StateChannel,
  whenReady,
} from '@millrace/broker';
import { type Check, Lifecycle, type Metrics, OperatorError, type Service } from '@millrace/service';
import {
  ContextManager,
  type EventLog,
  HybridStateStore,
  ManagedDatabase,
  MemoryEventLog,
  MemoryStateStore,
  PostgresEventLog,
  PostgresStateStore,
  RedisEventLog,
  RedisStateStore,
  type StateStore,
} from '@millrace/state';
import { measuredLog, measuredStore } from './measured-state.ts';
import type { StateSettings } from './state-settings.ts';

export interface WorkerStateOptions {
  readonly settings: StateSettings;
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly metrics: Metrics;
}

/** Where entries and events are kept, and what has to run for that. */
interface Backend {
  readonly store: StateStore;
  readonly events: EventLog;
  readonly services: readonly Service[];
}

/** A name that no entry has: to read it tells whether the store answers. */
const PROBE = 'health';

/** What tools keep across calls, in the store that the worker is set to. */
export class WorkerState implements Service {
  readonly contexts: ContextManager;
  readonly events: EventLog;
  /** Whether the store answers; the other tools of the worker can do without. */
  readonly check: Check;
  readonly #lifecycle: Lifecycle;

  constructor(options: WorkerStateOptions) {
    const { settings, metrics } = options;
    const { store, events, services } = backendOf(options);
    const limits = { ttlMs: settings.stateTtlMs, maxValueBytes: settings.stateMaxBytes };
    this.contexts = new ContextManager({ store: measuredStore(store, metrics), limits });
    this.events = measuredLog(events, metrics);
    this.check = { name: 'state', optional: true, run: async () => void (await store.get(PROBE)) };
    this.#lifecycle = new Lifecycle([...services, store, events]);
  }

  start(): Promise<void> {
    return this.#lifecycle.start();
  }

  stop(deadline?: number): Promise<void> {
    return this.#lifecycle.stop(deadline);
  }
}

function backendOf(options: WorkerStateOptions): Backend {
  const { stateStore, stateDatabaseUrl } = options.settings;
  if (stateStore === 'memory') return memoryBackend();
  const persistent = stateDatabaseUrl === '' ? redisBackend(options) : postgresBackend(options);
  return stateStore === 'hybrid' ? withMemory(persistent, options) : persistent;
}

function memoryBackend(): Backend {
  return { store: new MemoryStateStore(), events: new MemoryEventLog(), services: [] };
}

/** Fails fast: a tool that waits for its state holds a slot. */
function redisBackend({ source, keys }: WorkerStateOptions): Backend {
  const redis = connectFailFast(source, 'state');
  return {
    store: new RedisStateStore({ redis, prefix: keys.contexts }),
    events: new RedisEventLog({ redis, events: keys.aggregates, snapshots: keys.snapshots }),
    services: [{ start: () => whenReady(redis), stop: async () => disconnect(redis) }],
  };
}

function postgresBackend({ settings, source }: WorkerStateOptions): Backend {
  const onWarning = (error: Error) => source.logger.warn({ err: error }, 'the database of state is not well');
  const database = new ManagedDatabase(settings.stateDatabaseUrl, { onWarning });
  return {
    store: new PostgresStateStore({ database, onWarning }),
    events: new PostgresEventLog(database),
    services: [{ start: () => openOrExplain(database), stop: () => database.stop() }],
  };
}

function withMemory({ store, events, services }: Backend, options: WorkerStateOptions): Backend {
  const { source, keys, metrics } = options;
  const invalidations = new StateChannel(source, keys);
  const onRead = (hit: boolean) => metrics.stateMemoryReads.inc({ outcome: hit ? 'hit' : 'miss' });
  const hybrid = new HybridStateStore({ store, invalidations, onRead });
  return { store: hybrid, events, services: [...services, invalidations] };
}

async function openOrExplain(database: ManagedDatabase): Promise<void> {
  try {
    await database.start();
  } catch (error) {
    const why =
      error instanceof Error ? [error, error.cause].map(messageOf).filter(Boolean).join(': ') : error;
    throw new OperatorError(`MILLRACE_STATE_DATABASE_URL: the database cannot be used: ${why}`, {
      cause: error,
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
