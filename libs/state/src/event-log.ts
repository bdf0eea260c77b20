import type { Service } from '@millrace/service';

/** One thing with a history, such as a user, within a tenant. */
export interface AggregateName {
  readonly tenant: string;
  readonly aggregate: string;
}

/** An event as it is written: its data is JSON. */
export interface LoggedEvent {
  readonly type: string;
  readonly data: string;
}

export interface RecordedEvent extends LoggedEvent {
  /** 1 for the first event of the aggregate. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface Snapshot {
  /** Of the last event that went into it. */
  readonly version: number;
  /** Version of the reducer that made it. */
  readonly reducer: number;
  /** JSON. */
  readonly state: string;
}

/**
 * Where events are kept for good. One suite, `event-log.test.ts`, says what each log promises. All methods reject with
 * a `StateError`; with the reason `unavailable` when the log is away.
 */
export interface EventLog extends Service {
  /**
   * Appends all of the events, or none.
   * @param expected version of the last event that the writer knows; 0 when there is none
   * @returns the version of the last one now. Rejects with `conflict` when there are others already
   */
  append(name: AggregateName, expected: number, events: readonly LoggedEvent[]): Promise<number>;
  /** @param after version of the last event that is not wanted. @returns at most `limit` events, in their order */
  read(name: AggregateName, after: number, limit: number): Promise<readonly RecordedEvent[]>;
  /** Keeps the last snapshot alone. */
  saveSnapshot(name: AggregateName, snapshot: Snapshot): Promise<void>;
  loadSnapshot(name: AggregateName): Promise<Snapshot | undefined>;
}
