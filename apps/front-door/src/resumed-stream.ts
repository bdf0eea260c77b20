import type { ServerResponse } from 'node:http';
import type { EventStreams, PeerChannel, StreamCall, StreamName } from '@millrace/broker';
import { MillraceError } from '@millrace/protocol';
import type { Logger } from '@millrace/service';
import { EventWriter } from './event-writer.ts';
import type { LostAnswers } from './lost-answers.ts';
import { eventId } from './stream-recorder.ts';

/** Between two looks for an answer whose front door may be gone, in milliseconds. */
const LOOK_MS = 250;

export interface ResumedStreamOptions {
  readonly streams: EventStreams;
  readonly lost: LostAnswers;
  readonly tellPeers: PeerChannel['send'];
  readonly keepAliveMs: number;
  /** Whether the client may still be told anything; always unless given. */
  readonly valid?: (() => boolean) | undefined;
  readonly logger: Logger;
}

/** The rest of an answer stream that its client lost, possibly on another replica. */
export class ResumedStream {
  readonly #name: StreamName;
  readonly #events: EventWriter;
  readonly #options: ResumedStreamOptions;
  #seq: number;
  #reading: Promise<void> = Promise.resolve();
  #looking: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param seq of the event after which the client wants to go on */
  constructor(name: StreamName, response: ServerResponse, seq: number, options: ResumedStreamOptions) {
    this.#name = name;
    this.#events = new EventWriter(response, options.keepAliveMs, options.valid);
    this.#seq = seq;
    this.#options = options;
  }

  /** @throws MillraceError when there is no such stream (any more) */
  async open(): Promise<void> {
    const { streams, tellPeers } = this.#options;
    const [events, call] = await Promise.all([
      streams.after(this.#name, this.#seq),
      streams.callOf(this.#name),
    ]);
    if (!events) throw unknownEvent();
    this.#events.open();
    // The writer tells of new events from now on, and at once of those that came in between.
    tellPeers({ kind: 'resumed', stream: this.#name.stream });
    await this.advance();
    if (call) this.#lookAgain(call);
  }

  /** Writes the events that are new; one read after the other, so that none is written twice. */
  advance(): Promise<void> {
    this.#reading = this.#reading
      .then(() => this.#write())
      .catch((error: Error) => {
        this.#options.logger.warn({ err: error }, 'a stream could not be resumed');
        this.close();
      });
    return this.#reading;
  }

  /** @param retryMs how soon the client should come back, in milliseconds; it decides itself unless given */
  close(retryMs?: number): void {
    if (retryMs !== undefined) this.#events.retryIn(retryMs);
    this.#closed = true;
    clearTimeout(this.#looking);
    this.#events.end();
  }

  async #write(): Promise<void> {
    for (const event of (await this.#options.streams.after(this.#name, this.#seq)) ?? []) {
      this.#seq = event.seq;
      if (event.payload !== '') this.#events.message(eventId(this.#name.stream, event.seq), event.payload);
      if (event.last) this.close();
    }
  }

  /** The writer may die at any time, also after it was told: so it is not asked whether it lives. */
  #lookAgain(call: StreamCall): void {
    if (!this.#closed) this.#looking = setTimeout(() => void this.#look(call), LOOK_MS);
  }

  /** While Redis is away no event can be kept; but who waits here need not wait past the deadline. */
  #endWithout(payload: string | undefined): void {
    if (payload === undefined || this.#closed) return;
    this.#events.message(undefined, payload);
    this.close();
  }

  async #look(call: StreamCall): Promise<void> {
    const { lost, streams, tellPeers, logger } = this.#options;
    try {
      const payload = await lost.find(call);
      if (payload !== undefined) {
        await this.advance();
        if (this.#closed) return;
        await streams.append(this.#name, { seq: this.#seq + 1, payload, last: true });
        tellPeers({ kind: 'stream', stream: this.#name.stream });
        await this.advance();
      }
    } catch (error) {
      logger.warn({ err: error, call: call.call }, 'an answer that was lost could not be looked for');
      this.#endWithout(lost.overdue(call));
    }
    this.#lookAgain(call);
  }
}

export function unknownEvent(): MillraceError {
  return new MillraceError('unknown_event', 'Last-Event-ID: there is no such event in this session');
}
