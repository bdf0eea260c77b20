import { checkReadable, ENVELOPE_VERSION } from './envelope.ts';
import { Migrations } from './migrations.ts';

/**
 * A frame is one piece of an answer on its way from a worker to the front door. Its payload is JSON text that
 * is ready for the wire: the front door splices it into the response and never parses it.
 */
export type Frame = NotificationFrame | RequestFrame | PauseFrame | FlightFrame | TerminalFrame;

/** A whole JSON-RPC notification, such as progress or a log message. */
export interface NotificationFrame {
  readonly call: string;
  readonly kind: 'notification';
  readonly payload: string;
}

/**
 * A whole JSON-RPC request to the client of a session, such as an elicitation. Its id is
 * `<worker id>/<call id>/<n>`, unique in the cluster, so that the answer finds its way back from any replica.
 */
export interface RequestFrame {
  readonly call: string;
  readonly kind: 'request';
  readonly payload: string;
}

/** The client may close its stream and come back for the rest later; it has no payload. */
export interface PauseFrame {
  readonly call: string;
  readonly kind: 'pause';
  readonly payload: string;
}

/** What front doors tell each other of a call that several of them wait for; it never reaches a client. */
export interface FlightFrame {
  readonly call: string;
  readonly kind: 'flight';
  readonly payload: string;
}

/** The end of a call: `payload` is the `result` or the `error` member of the JSON-RPC response. */
export interface TerminalFrame {
  readonly call: string;
  readonly kind: 'result' | 'error';
  readonly payload: string;
  /** How long the worker ran the call, in milliseconds; 0 when it was not run. */
  readonly runMs: number;
}

export function isTerminal(frame: Frame): frame is TerminalFrame {
  return frame.kind === 'result' || frame.kind === 'error';
}

/** What front doors of older releases can pass on. */
const MIGRATIONS = new Migrations<readonly Frame[]>('frames')
  .register(1, 2, (frames) => frames)
  .register(2, 1, (frames) => frames.filter((frame) => frame.kind === 'notification' || isTerminal(frame)))
  .register(2, 3, (frames) => frames)
  .register(3, 2, (frames) => frames);

type Header = [version: number, ...fields: (string | number)[]];
const FIELDS_PER_FRAME = 4;

/**
 * Packs frames into one message: a JSON header line with call, kind, payload length and run time of each,
 * then the payloads one after the other. Large payloads are thus copied, never escaped or parsed again.
 *
 * @param version that the front door can read
 */
export function encodeFrames(frames: readonly Frame[], version: number = ENVELOPE_VERSION): string {
  const header: Header = [version];
  let payloads = '';
  for (const frame of MIGRATIONS.migrate(frames, ENVELOPE_VERSION, version)) {
    header.push(
      frame.call,
      frame.kind,
      frame.payload.length,
      isTerminal(frame) ? ceilToMicros(frame.runMs) : 0,
    );
    payloads += frame.payload;
  }
  return `${JSON.stringify(header)}\n${payloads}`;
}

/** What is finer than microseconds is noise, of a dozen digits for each frame; 0 stays what was not run. */
function ceilToMicros(ms: number): number {
  return Math.ceil(ms * 1_000) / 1_000;
}

/**
 * Unpacks what `encodeFrames` made.
 *
 * @param newest version that is read; lower than this release's own only to stand for an older one
 * @throws MillraceError `no_migration` for a version that this process cannot read
 */
export function decodeFrames(message: string, newest: number = ENVELOPE_VERSION): readonly Frame[] {
  const end = message.indexOf('\n');
  const header = JSON.parse(message.slice(0, end)) as Header;
  checkReadable('frames', header[0], newest);
  return MIGRATIONS.migrate(unpack(header, message, end + 1), header[0], ENVELOPE_VERSION);
}

function unpack(header: Header, message: string, start: number): Frame[] {
  const frames: Frame[] = [];
  let offset = start;
  for (let at = 1; at < header.length; at += FIELDS_PER_FRAME) {
    const call = header[at] as string;
    const kind = header[at + 1] as Frame['kind'];
    const next = offset + (header[at + 2] as number);
    const payload = message.slice(offset, next);
    offset = next;
    frames.push(
      kind === 'result' || kind === 'error'
        ? { call, kind, payload, runMs: header[at + 3] as number }
        : { call, kind, payload },
    );
  }
  return frames;
}
