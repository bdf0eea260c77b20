import type { ServerResponse } from 'node:http';
import type { EventStreams, PeerChannel, SessionRecord, SessionStore, StreamName } from '@millrace/broker';
import { type Change, type Changes, notificationOf, type Subscriber } from '@millrace/dispatch';
import type { Logger } from '@millrace/service';
import { EventWriter } from './event-writer.ts';
import type { LostAnswers } from './lost-answers.ts';
import { ResumedStream, unknownEvent } from './resumed-stream.ts';
import { parseEventId } from './stream-recorder.ts';

/** How soon a client should come back for a stream that was closed, in milliseconds. */
const RETRY_MS = 500;

/** Ids of events of a session's own stream say when they were, so that nothing after them is missed. */
const TIME_ID = /^at:(\d{1,16})$/;

export interface SessionStreamsOptions {
  readonly changes: Changes;
  readonly store: SessionStore;
  readonly streams: EventStreams;
  readonly lost: LostAnswers;
  readonly tellPeers: PeerChannel['send'];
  readonly keepAliveMs: number;
  readonly logger: Logger;
}

/** The GET streams of sessions: the one on which a client hears of changes, and answers that it resumes. */
export class SessionStreams {
  readonly #options: SessionStreamsOptions;
  readonly #changes = new Map<string, ChangeStream>();
  readonly #resumed = new Map<string, Set<ResumedStream>>();

  constructor(options: SessionStreamsOptions) {
    this.#options = options;
  }

  /**
   * Opens what a GET asks for.
   *
   * @param lastEventId of the event after which the client wants to go on
   * @param valid whether the client may still be told anything; always unless given
   * @throws MillraceError when there is no such event in this session
   */
  async open(
    session: SessionRecord,
    response: ServerResponse,
    lastEventId: string | undefined,
    valid?: () => boolean,
  ): Promise<void> {
    const time = lastEventId === undefined ? Date.now() : TIME_ID.exec(lastEventId)?.[1];
    if (time !== undefined) return this.#openChanges(session, response, Number(time), valid);
    const position = parseEventId(lastEventId ?? '');
    if (!position) throw unknownEvent();
    const name = { session: session.id, stream: position.stream };
    await this.#resume(name, response, position.seq, valid);
  }

  /** A stream that somebody came back for has new events. */
  advance(stream: string): void {
    for (const resumed of this.#resumed.get(stream) ?? []) void resumed.advance();
  }

  /** A session was changed or ended: its stream follows. */
  async refresh(session: string): Promise<void> {
    await this.#changes.get(session)?.refresh();
  }

  /** Ends all streams because this process does: their clients come back to another. */
  closeAll(): void {
    for (const stream of this.#changes.values()) stream.close(RETRY_MS);
    for (const streams of this.#resumed.values()) for (const stream of streams) stream.close(RETRY_MS);
  }

  async #openChanges(
    session: SessionRecord,
    response: ServerResponse,
    since: number,
    valid: (() => boolean) | undefined,
  ): Promise<void> {
    // A message may go out on one stream only: the client's newest.
    this.#changes.get(session.id)?.close();
    const stream = new ChangeStream(session, response, { ...this.#options, valid });
    this.#changes.set(session.id, stream);
    response.once('close', () => {
      stream.close();
      if (this.#changes.get(session.id) === stream) this.#changes.delete(session.id);
    });
    await stream.open(since);
  }

  async #resume(
    name: StreamName,
    response: ServerResponse,
    seq: number,
    valid: (() => boolean) | undefined,
  ): Promise<void> {
    const stream = new ResumedStream(name, response, seq, { ...this.#options, valid });
    const others = this.#resumed.get(name.stream) ?? new Set();
    this.#resumed.set(name.stream, others.add(stream));
    response.once('close', () => {
      stream.close();
      others.delete(stream);
      if (others.size === 0) this.#resumed.delete(name.stream);
    });
    await stream.open();
  }
}

interface ChangeStreamOptions extends SessionStreamsOptions {
  readonly valid: (() => boolean) | undefined;
}

/** The stream of one session on which its client hears of changes. */
class ChangeStream implements Subscriber {
  readonly #session: SessionRecord;
  readonly #events: EventWriter;
  readonly #options: ChangeStreamOptions;
  #uris: ReadonlySet<string> = new Set();
  /** What happened before the stream was open; undefined since then. */
  #early: Change[] | undefined = [];

  constructor(session: SessionRecord, response: ServerResponse, options: ChangeStreamOptions) {
    this.#session = session;
    this.#events = new EventWriter(response, options.keepAliveMs, options.valid);
    this.#options = options;
  }

  /** @param since everything from then on is told, milliseconds since the epoch */
  async open(since: number): Promise<void> {
    const now = Date.now();
    const { changes, store } = this.#options;
    changes.add(this);
    this.#uris = await store.subscriptions(this.#session.id);
    const missed = since < now ? await changes.since(since) : [];
    this.#events.open(primes(this.#session) ? `id: at:${since}\nretry: ${RETRY_MS}\ndata: \n\n` : '');
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const change of [...missed, ...early]) this.changed(change, now);
  }

  changed(change: Change, at: number): void {
    if (this.#early) {
      this.#early.push(change);
      return;
    }
    if (change.kind === 'task' || (change.kind === 'resource' && !this.#uris.has(change.uri))) return;
    this.#events.message(`at:${at}`, JSON.stringify({ jsonrpc: '2.0', ...notificationOf(change) }));
  }

  /** Reads again what the client subscribed to; a session that ended ends its stream. */
  async refresh(): Promise<void> {
    const { store, logger } = this.#options;
    try {
      if (!(await store.find(this.#session.id))) return this.close();
      this.#uris = await store.subscriptions(this.#session.id);
    } catch (error) {
      logger.warn({ err: error }, 'the subscriptions of a session could not be read');
    }
  }

  /** @param retryMs how soon the client should come back, in milliseconds; it decides itself unless given */
  close(retryMs?: number): void {
    if (retryMs !== undefined) this.#events.retryIn(retryMs);
    this.#options.changes.remove(this);
    this.#events.end();
  }
}

function primes(session: SessionRecord): boolean {
  return session.revision >= '2025-11-25';
}
