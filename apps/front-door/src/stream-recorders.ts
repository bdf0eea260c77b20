import type { EventStreams, PeerChannel, SessionRecord, StreamCall } from '@millrace/broker';
import { StreamRecorder } from './stream-recorder.ts';

/** The first revision whose clients understand an event without data. */
const PRIMED_SINCE = '2025-11-25';

/** How long a stream that ended can still be followed, in milliseconds. */
const KEPT_MS = 10_000;

/** The answer streams of sessions that this front door writes. */
export class StreamRecorders {
  readonly #streams: EventStreams;
  readonly #tellPeers: PeerChannel['send'];
  readonly #open = new Map<string, StreamRecorder>();

  constructor(streams: EventStreams, tellPeers: PeerChannel['send']) {
    this.#streams = streams;
    this.#tellPeers = tellPeers;
  }

  create(session: SessionRecord, call?: StreamCall): StreamRecorder {
    const recorder = new StreamRecorder({
      streams: this.#streams,
      tellPeers: this.#tellPeers,
      session: session.id,
      call,
      primes: session.revision >= PRIMED_SINCE,
      // A client may be coming back at this very moment.
      onEnded: (stream) => setTimeout(() => this.#open.delete(stream), KEPT_MS).unref(),
    });
    this.#open.set(recorder.stream, recorder);
    return recorder;
  }

  /** Somebody came back for a stream, here or on another replica. */
  follow(stream: string): void {
    this.#open.get(stream)?.follow();
  }
}
