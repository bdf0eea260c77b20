import type { EventStreams, PeerChannel, SessionRecord } from '@millrace/broker';
import { StreamRecorder } from './stream-recorder.ts';

/** The first revision whose clients understand an event without data. */
const PRIMED_SINCE = '2025-11-25';

/** The answer streams of sessions that this front door writes. */
export class StreamRecorders {
  readonly #streams: EventStreams;
  readonly #tellPeers: PeerChannel['send'];
  readonly #open = new Map<string, StreamRecorder>();

  constructor(streams: EventStreams, tellPeers: PeerChannel['send']) {
    this.#streams = streams;
    this.#tellPeers = tellPeers;
  }

  create(session: SessionRecord): StreamRecorder {
    const recorder = new StreamRecorder({
      streams: this.#streams,
      tellPeers: this.#tellPeers,
      session: session.id,
      primes: session.revision >= PRIMED_SINCE,
      onEnded: (stream) => this.#open.delete(stream),
    });
    this.#open.set(recorder.stream, recorder);
    return recorder;
  }

  /** Somebody came back for a stream, here or on another replica. */
  follow(stream: string): void {
    this.#open.get(stream)?.follow();
  }
}
