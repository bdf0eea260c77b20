import { randomUUID } from 'node:crypto';
import type { EventStreams, PeerChannel, StreamCall } from '@millrace/broker';

/** How soon a client should come back for a stream that was closed, in milliseconds. */
const RETRY_MS = 500;

export interface StreamRecorderOptions {
  readonly streams: EventStreams;
  readonly tellPeers: PeerChannel['send'];
  readonly session: string;
  /** Kept with the first event, so that the answer is found when this front door is gone. */
  readonly call?: StreamCall | undefined;
  /** Whether the client understands an event without data, which only tells where the stream begins. */
  readonly primes: boolean;
  /** Told when nothing more will be recorded. */
  readonly onEnded: (stream: string) => void;
}

/** Numbers the events of one answer stream of a session and keeps them, so that the client can resume it. */
export class StreamRecorder {
  readonly stream = randomUUID();
  readonly #options: StreamRecorderOptions;
  #seq = 0;
  #followed = false;

  constructor(options: StreamRecorderOptions) {
    this.#options = options;
  }

  /** Opens the stream. @returns text that comes before the first event */
  open(): string {
    const id = this.record('', false);
    return this.#options.primes ? `id: ${id}\nretry: ${RETRY_MS}\ndata: \n\n` : '';
  }

  /** Keeps one event. @returns its id */
  record(payload: string, last: boolean): string {
    this.#seq += 1;
    const event = { seq: this.#seq, payload, last };
    void this.#keep(event);
    if (last) this.#options.onEnded(this.stream);
    return eventId(this.stream, event.seq);
  }

  /** Somebody came back for the stream: tells of each event from now on, and at once of what there is. */
  follow(): void {
    this.#followed = true;
    this.#tell();
  }

  async #keep(event: { seq: number; payload: string; last: boolean }): Promise<void> {
    const { streams, session, call } = this.#options;
    await streams.append({ session, stream: this.stream }, event, event.seq === 1 ? call : undefined);
    if (this.#followed) this.#tell();
  }

  #tell(): void {
    this.#options.tellPeers({ kind: 'stream', stream: this.stream });
  }
}

export function eventId(stream: string, seq: number): string {
  return `${stream}:${seq}`;
}

/** @returns undefined for an id that no recorder gave */
export function parseEventId(id: string): { stream: string; seq: number } | undefined {
  const match = /^([0-9a-f-]{36}):(\d{1,9})$/.exec(id);
  return match?.[1] && match[2] ? { stream: match[1], seq: Number(match[2]) } : undefined;
}
