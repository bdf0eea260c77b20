import type { Metrics } from '@millrace/service';
import { type Entry, type EventLog, StateError, type StateStore } from '@millrace/state';

/** Counts what is asked of a store, and how that ended. */
class Meter {
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  async count<T>(operation: string, work: Promise<T>): Promise<T> {
    try {
      const result = await work;
      this.#metrics.stateOperations.inc({ operation, outcome: 'ok' });
      return result;
    } catch (error) {
      const outcome = error instanceof StateError ? error.reason : 'failed';
      this.#metrics.stateOperations.inc({ operation, outcome });
      throw error;
    }
  }
}

/** The same store, counted. */
export function measuredStore(store: StateStore, metrics: Metrics): StateStore {
  const meter = new Meter(metrics);
  return {
    start: () => store.start(),
    stop: (deadline) => store.stop(deadline),
    get: (key): Promise<Entry | undefined> => meter.count('get', store.get(key)),
    set: (key, value, ttlMs) => meter.count('set', store.set(key, value, ttlMs)),
    compareAndSet: (key, expected, value, ttlMs) =>
      meter.count('compare_and_set', store.compareAndSet(key, expected, value, ttlMs)),
    delete: (key) => meter.count('delete', store.delete(key)),
  };
}

/** The same log, counted. */
export function measuredLog(log: EventLog, metrics: Metrics): EventLog {
  const meter = new Meter(metrics);
  return {
    start: () => log.start(),
    stop: (deadline) => log.stop(deadline),
    append: (name, expected, events) => meter.count('append', log.append(name, expected, events)),
    read: (name, after, limit) => meter.count('read_events', log.read(name, after, limit)),
    saveSnapshot: (name, snapshot) => meter.count('save_snapshot', log.saveSnapshot(name, snapshot)),
    loadSnapshot: (name) => meter.count('load_snapshot', log.loadSnapshot(name)),
  };
}
