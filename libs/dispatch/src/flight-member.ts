import { isJsonObject, type JsonObject, MillraceError } from '@millrace/protocol';
import type { Pass, Passage } from './call-policies.ts';

/** How often a member begins anew, at most, because whoever it followed was lost. */
const MAX_ATTEMPTS = 3;

/** One call among identical ones. */
export class FlightMember {
  readonly passage: Passage;
  readonly next: Pass;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** The flight that it is on; undefined for one that goes on alone or has landed. */
  flight: { leave(member: FlightMember): void } | undefined;
  readonly #begunAt: number;
  #follows = false;
  #attempts = 1;

  constructor(passage: Passage, next: Pass, deadline: number) {
    this.passage = passage;
    this.next = next;
    this.deadline = deadline;
    this.#begunAt = Date.now();
  }

  /** Names the request in its session, as the client does when it cancels it; undefined without a session. */
  get own(): string | undefined {
    const { session, id } = this.passage.request;
    return session && ownName(session.id, id);
  }

  /** Counts another attempt. @returns whether there may be one: with half of its time gone it had better not */
  tryAgain(): boolean {
    const now = Date.now();
    if (this.#attempts >= MAX_ATTEMPTS || this.deadline - now < (this.deadline - this.#begunAt) / 2)
      return false;
    this.#attempts += 1;
    return true;
  }

  /** Takes in that its answer will be that of another call. @returns false when that is known */
  follow(): boolean {
    if (this.#follows) return false;
    this.#follows = true;
    this.passage.answer.follows?.();
    return true;
  }

  /** Its time is over. */
  expire(): void {
    const text = 'The call was not finished by its deadline';
    this.passage.answer.fail(new MillraceError('deadline_exceeded', text));
  }

  /** Passes a notification on; progress is told under the client's own token. */
  notify(payload: string, progress: ProgressNotification | undefined): void {
    const token = progressTokenOf(this.passage.request.params);
    if (!progress || progress.params['progressToken'] === token) this.passage.answer.notification(payload);
    else if (token !== undefined) {
      const params = { ...progress.params, progressToken: token };
      this.passage.answer.notification(JSON.stringify({ ...progress, params }));
    }
  }
}

interface ProgressNotification {
  readonly params: JsonObject;
}

const PROGRESS = '{"jsonrpc":"2.0","method":"notifications/progress"';

/** The notification when it is one of progress, which names its request; undefined for all others. */
export function readProgress(payload: string): ProgressNotification | undefined {
  return payload.startsWith(PROGRESS) ? (JSON.parse(payload) as ProgressNotification) : undefined;
}

export function progressTokenOf({ _meta }: JsonObject): unknown {
  return isJsonObject(_meta) ? _meta['progressToken'] : undefined;
}

export function ownName(session: string, request: string | number): string {
  return `${session} ${JSON.stringify(request)}`;
}
