import { META } from '@millrace/protocol';
import {
  eventsOf,
  modernRequest,
  readAnswer,
  toolCall,
  type WireAnswer,
  type WireRequest,
} from '../support/wire.ts';
import type { Speaker } from './agent.ts';
import { type Attempt, attemptOf } from './attempt.ts';
import type { Doors } from './doors.ts';
import type { Operation } from './operation.ts';

/** What it declares with requests that are about tasks. */
const TASKS_META = {
  [META.clientCapabilities]: { extensions: { 'io.modelcontextprotocol/tasks': {} } },
};

/** A client of revision 2026-07-28, which takes tasks. */
export class ModernSpeaker implements Speaker {
  readonly takesTasks = true;
  readonly #doors: Doors;
  readonly #patienceMs: number;

  /** @param patienceMs after which a call without an answer is given up */
  constructor(doors: Doors, patienceMs: number) {
    this.#doors = doors;
    this.#patienceMs = patienceMs;
  }

  call({ id, tool, ms, task }: Operation, door: number): Promise<Attempt> {
    return this.#send(toolCall(tool, { id, ms }, task ? TASKS_META : {}), door, this.#patienceMs);
  }

  async taskStatus(taskId: string, door: number): Promise<string | undefined> {
    const ended = await this.#send(modernRequest('tasks/get', { taskId }, TASKS_META), door, POLL_MS);
    if (ended.kind !== 'answered') return undefined;
    const { result, error } = ended.response;
    if (error?.code === UNKNOWN_TASK) return 'lost';
    return result === undefined ? undefined : String(result['status']);
  }

  async #send({ headers, body }: WireRequest, door: number, patienceMs: number): Promise<Attempt> {
    const signal = AbortSignal.timeout(patienceMs);
    const request = { method: 'POST', headers, body: JSON.stringify(body), signal };
    try {
      const answer = await readAnswer(await fetch(this.#doors.urlOf(door), request));
      const { message } = answer;
      if (!message.result && !message.error) return { kind: 'broken' };
      return { kind: 'answered', response: message, messages: answersIn(answer) };
    } catch (thrown) {
      return attemptOf(thrown);
    }
  }
}

/** A stream is read to its end, so that a second answer would be seen; a body of JSON has one. */
function answersIn({ headers, text }: WireAnswer): number {
  if (headers.get('content-type') !== 'text/event-stream') return 1;
  return eventsOf(text).filter((data) => /"(result|error)":/.test(data) && !/"method":/.test(data)).length;
}

/** Who asks for a task soon asks again, elsewhere: in milliseconds. */
const POLL_MS = 1_000;

/** Invalid parameters: there is no such task. */
const UNKNOWN_TASK = -32602;
