import { type Clock, systemClock } from '@millrace/service';
import type { AggregateName, EventLog, LoggedEvent, RecordedEvent, Snapshot } from './event-log.ts';
import { versionConflict } from './version-conflict.ts';

/** Events of this process alone, for trials and tests: they end with it. */
export class MemoryEventLog implements EventLog {
  readonly #events = new Map<string, RecordedEvent[]>();
  readonly #snapshots = new Map<string, Snapshot>();
  readonly #clock: Clock;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async append(name: AggregateName, expected: number, events: readonly LoggedEvent[]): Promise<number> {
    const recorded = this.#of(name);
    if (recorded.length !== expected) throw versionConflict(name, expected, recorded.length);
    for (const event of events) {
      recorded.push({ ...event, version: recorded.length + 1, at: this.#clock.now() });
    }
    this.#events.set(keyOf(name), recorded);
    return recorded.length;
  }

  async read(name: AggregateName, after: number, limit: number): Promise<readonly RecordedEvent[]> {
    return this.#of(name).slice(after, after + limit);
  }

  async saveSnapshot(name: AggregateName, snapshot: Snapshot): Promise<void> {
    this.#snapshots.set(keyOf(name), snapshot);
  }

  async loadSnapshot(name: AggregateName): Promise<Snapshot | undefined> {
    return this.#snapshots.get(keyOf(name));
  }

  #of(name: AggregateName): RecordedEvent[] {
    return this.#events.get(keyOf(name)) ?? [];
  }
}

function keyOf({ tenant, aggregate }: AggregateName): string {
  return JSON.stringify([tenant, aggregate]);
}
