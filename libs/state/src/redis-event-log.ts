import { type Clock, systemClock } from '@millrace/service';
import type { AggregateName, EventLog, LoggedEvent, RecordedEvent, Snapshot } from './event-log.ts';
import { ask, type RedisCommands, Script } from './redis-commands.ts';
import { versionConflict } from './version-conflict.ts';

const APPEND = new Script('append-events');

export interface RedisEventLogOptions {
  readonly redis: RedisCommands;
  /** What the names of streams begin with. */
  readonly events: string;
  /** What the names of snapshots begin with. */
  readonly snapshots: string;
  readonly clock?: Clock;
}

/** One entry of a stream as Redis gives it: its id, then names and values in turn. */
type StreamEntry = readonly [id: string, fields: readonly string[]];

/** A Redis stream for each aggregate. It does not expire: a history is kept for good. */
export class RedisEventLog implements EventLog {
  readonly #redis: RedisCommands;
  readonly #events: string;
  readonly #snapshots: string;
  readonly #clock: Clock;

  constructor({ redis, events, snapshots, clock = systemClock }: RedisEventLogOptions) {
    this.#redis = redis;
    this.#events = events;
    this.#snapshots = snapshots;
    this.#clock = clock;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async append(name: AggregateName, expected: number, events: readonly LoggedEvent[]): Promise<number> {
    const now = this.#clock.now();
    const args = events.flatMap(({ type, data }) => [type, data, now]);
    const key = this.#events + suffixOf(name);
    const [done, version] = (await APPEND.run(this.#redis, key, [expected, ...args])) as [number, number];
    if (done === 0) throw versionConflict(name, expected, version);
    return version;
  }

  async read(name: AggregateName, after: number, limit: number): Promise<readonly RecordedEvent[]> {
    const key = this.#events + suffixOf(name);
    const entries = await ask(this.#redis, 'XRANGE', key, `${after + 1}-0`, '+', 'COUNT', limit);
    return (entries as StreamEntry[]).map(toEvent);
  }

  async saveSnapshot(name: AggregateName, snapshot: Snapshot): Promise<void> {
    await ask(this.#redis, 'SET', this.#snapshots + suffixOf(name), JSON.stringify(snapshot));
  }

  async loadSnapshot(name: AggregateName): Promise<Snapshot | undefined> {
    const text = await ask(this.#redis, 'GET', this.#snapshots + suffixOf(name));
    return text === null ? undefined : (JSON.parse(String(text)) as Snapshot);
  }
}

function suffixOf({ tenant, aggregate }: AggregateName): string {
  return `${encodeURIComponent(tenant)}:${encodeURIComponent(aggregate)}`;
}

function toEvent([id, fields]: StreamEntry): RecordedEvent {
  const [, type = '', , data = 'null', , at] = fields;
  return { version: Number.parseInt(id, 10), type, data, at: Number(at) };
}
