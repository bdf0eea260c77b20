import type { AggregateName, EventLog, RecordedEvent } from './event-log.ts';
import { checkAggregate, type NewEvent, toLogged } from './new-event.ts';

/** A change that was written down. */
export interface StoredEvent extends NewEvent {
  /** 1 for the first event of the aggregate. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface EventStoreOptions<State> {
  /** Begins the names of all its aggregates, such as `user`. */
  readonly name: string;
  readonly initial: State;
  /** Gives the state after an event, and changes nothing. */
  readonly reduce: (state: State, event: StoredEvent) => State;
  /** Raise it when `reduce` changes: snapshots of another one are not used any more. 1 unless given. */
  readonly reducerVersion?: number;
  /** Events from one snapshot to the next; 100 unless given. */
  readonly snapshotEvery?: number;
}

export interface EventStoreParts {
  readonly log: EventLog;
  /** Told when a snapshot could not be made; events are safe, and rebuilding only takes longer. */
  readonly onWarning?: (error: unknown) => void;
}

export interface Rebuilt<State> {
  readonly state: State;
  /** Of the last event; 0 when there is none. */
  readonly version: number;
  /** Events that were replayed on top of the snapshot. */
  readonly replayed: number;
}

/** Whose thing it is, and which: `{ tenant: 'acme', id: '42' }`. */
export interface AggregateId {
  readonly tenant: string;
  readonly id: string;
}

const SNAPSHOT_EVERY = 100;
const PAGE = 1_000;

/** The histories of things of one kind. All methods reject with a `StateError`. */
export class EventStore<State> {
  readonly #options: EventStoreOptions<State>;
  readonly #log: EventLog;
  readonly #onWarning: (error: unknown) => void;
  readonly #snapshotEvery: number;
  readonly #reducer: number;

  constructor(options: EventStoreOptions<State>, { log, onWarning = () => {} }: EventStoreParts) {
    const { snapshotEvery = SNAPSHOT_EVERY, reducerVersion = 1 } = options;
    if (!Number.isSafeInteger(snapshotEvery) || snapshotEvery < 1) {
      throw new Error(
        `Event store ${options.name}: snapshotEvery: ${snapshotEvery} is not a whole number from 1 on`,
      );
    }
    this.#options = options;
    this.#log = log;
    this.#onWarning = onWarning;
    this.#snapshotEvery = snapshotEvery;
    this.#reducer = reducerVersion;
  }

  /**
   * Appends all of the events, or none.
   * @param expected version that the writer knows; 0 when there is none yet
   * @returns the new version. Rejects with `conflict` when others came first, `too_large`, `invalid`, `unavailable`
   */
  async append(id: AggregateId, expected: number, events: readonly NewEvent[]): Promise<number> {
    const version = await this.#log.append(this.#name(id), expected, toLogged(events));
    if (Math.floor(version / this.#snapshotEvery) > Math.floor(expected / this.#snapshotEvery)) {
      await this.#snapshot(id);
    }
    return version;
  }

  /** The events after a version, in their order; read page by page. */
  async *read(id: AggregateId, after = 0): AsyncGenerator<StoredEvent, void, undefined> {
    const name = this.#name(id);
    for (let last = after; ; ) {
      const page = await this.#log.read(name, last, PAGE);
      yield* page.map(toStored);
      if (page.length < PAGE) return;
      last = page.at(-1)?.version ?? last;
    }
  }

  /** The state now: the last snapshot, and the events since then through the reducer. */
  async rebuild(id: AggregateId): Promise<Rebuilt<State>> {
    const snapshot = await this.#log.loadSnapshot(this.#name(id));
    const usable = snapshot?.reducer === this.#reducer ? snapshot : undefined;
    let state = usable ? (JSON.parse(usable.state) as State) : structuredClone(this.#options.initial);
    let version = usable?.version ?? 0;
    const first = version;
    for await (const event of this.read(id, version)) {
      state = this.#options.reduce(state, event);
      version = event.version;
    }
    return { state, version, replayed: version - first };
  }

  async #snapshot(id: AggregateId): Promise<void> {
    try {
      const { state, version } = await this.rebuild(id);
      const snapshot = { version, reducer: this.#reducer, state: JSON.stringify(state) };
      await this.#log.saveSnapshot(this.#name(id), snapshot);
    } catch (error) {
      this.#onWarning(error);
    }
  }

  #name({ tenant, id }: AggregateId): AggregateName {
    return { tenant, aggregate: checkAggregate(`${this.#options.name}/${id}`) };
  }
}

function toStored({ version, type, data, at }: RecordedEvent): StoredEvent {
  return { version, type, data: JSON.parse(data), at };
}
