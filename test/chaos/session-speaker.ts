import { setTimeout as pause } from 'node:timers/promises';
import { Session } from '../support/session.ts';
import { EventStream } from '../support/sse.ts';
import { type JsonRpcResponse, send, sessionRequest } from '../support/wire.ts';
import type { Speaker } from './agent.ts';
import { type Attempt, attemptOf } from './attempt.ts';
import type { Doors } from './doors.ts';
import type { Operation } from './operation.ts';

/** What one stream brought: its answers, and the last event by which it can be resumed. */
interface Heard {
  readonly answers: JsonRpcResponse[];
  lastEvent: string | undefined;
}

const RESUME_MS = 100;
const REFUSED = { kind: 'refused' } as const;
const INITIALIZE = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'chaos', version: '1' },
};

/**
 * A client of revision 2025-11-25. Each call has a session of its own kind: one for all, on any front door. Answers
 * of calls that tell of their progress are streams; a stream that breaks is resumed at another front door.
 */
export class SessionSpeaker implements Speaker {
  readonly takesTasks = false;
  readonly #doors: Doors;
  readonly #patienceMs: number;
  #session: Session | undefined;
  #lastId = 0;

  constructor(doors: Doors, patienceMs: number) {
    this.#doors = doors;
    this.#patienceMs = patienceMs;
  }

  async call(operation: Operation, door: number): Promise<Attempt> {
    const giveUpAt = Date.now() + this.#patienceMs;
    const heard: Heard = { answers: [], lastEvent: undefined };
    const session = await this.#open(door);
    if (!(session instanceof Session)) return session;
    try {
      await this.#read(await inTime(this.#ask(session, operation, door), this.#patienceMs), heard);
    } catch (thrown) {
      const ended = attemptOf(thrown);
      if (heard.lastEvent === undefined) return ended;
    }
    for (let other = door + 1; heard.answers.length === 0 && heard.lastEvent !== undefined; other += 1) {
      if (Date.now() > giveUpAt) return { kind: 'hung' };
      await this.#resume(session, heard, other % this.#doors.urls.length);
    }
    const [response] = heard.answers;
    if (!response) return { kind: 'broken' };
    if (response.error?.data?.['name'] === 'session_not_found') this.#session = undefined;
    return { kind: 'answered', response, messages: heard.answers.length };
  }

  taskStatus(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** Opens a session unless there is one. A call that was never made because this failed is as good as refused. */
  async #open(door: number): Promise<Session | Attempt> {
    if (this.#session) return this.#session;
    try {
      const request = sessionRequest('initialize', INITIALIZE);
      const { message, headers } = await inTime(send(this.#doors.urlOf(door), request), this.#patienceMs);
      const id = headers.get('mcp-session-id');
      if (id === null) return message.error ? { kind: 'answered', response: message, messages: 1 } : REFUSED;
      this.#session = new Session(id);
      return this.#session;
    } catch (thrown) {
      return attemptOf(thrown).kind === 'hung' ? { kind: 'hung' } : REFUSED;
    }
  }

  #ask({ headers }: Session, { id, tool, ms }: Operation, door: number): Promise<EventStream> {
    this.#lastId += 1;
    const params = { name: tool, arguments: { id, ms }, _meta: { progressToken: this.#lastId } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: this.#lastId, method: 'tools/call', params });
    return EventStream.open(this.#doors.urlOf(door), { method: 'POST', headers, body });
  }

  /** Reads to the end, so that a second answer would be seen. */
  async #read(stream: EventStream, heard: Heard): Promise<void> {
    const timer = setTimeout(() => stream.drop(), this.#patienceMs);
    try {
      if (stream.response.headers.get('content-type') !== 'text/event-stream') {
        heard.answers.push(JSON.parse(await stream.rest()) as JsonRpcResponse);
        return;
      }
      for (let event = await stream.next(); event; event = await stream.next()) {
        heard.lastEvent = event.id ?? heard.lastEvent;
        const { message } = event;
        if (message && ('result' in message || 'error' in message)) {
          heard.answers.push(message as JsonRpcResponse);
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #resume(session: Session, heard: Heard, door: number): Promise<void> {
    try {
      const stream = session.stream(this.#doors.urlOf(door), heard.lastEvent);
      const opened = await inTime(stream, this.#patienceMs);
      // A front door that cannot serve now says nothing of the call; one that does not know the stream does.
      if (opened.response.status < 500) await this.#read(opened, heard);
      else opened.drop();
    } catch {
      // That one is not there either: the next attempt goes elsewhere.
    }
    if (heard.answers.length === 0) await pause(RESUME_MS);
  }
}

/** Rejects as a `fetch` with a time limit does. */
async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException('nothing came', 'TimeoutError')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
