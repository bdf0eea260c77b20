import type { StoredReplies, StreamCall } from '@millrace/broker';
import { isTerminal, MillraceError } from '@millrace/protocol';

/** How long after its deadline a call is left to the front door that made it, in milliseconds. */
const GRACE_MS = 250;

/** Answers to calls whose front door died: the worker stored them, since nobody listened. */
export class LostAnswers {
  readonly #stored: Pick<StoredReplies, 'take'>;

  constructor(stored: Pick<StoredReplies, 'take'>) {
    this.#stored = stored;
  }

  /**
   * Takes the answer, once.
   *
   * @returns JSON text of the JSON-RPC response: the stored one, or an error when the call is past its deadline;
   *   undefined while there may still be another
   */
  async find(lost: StreamCall): Promise<string | undefined> {
    const [frame] = (await this.#stored.take([lost.call])).filter(isTerminal);
    return frame ? response(lost.request, frame.kind, frame.payload) : this.overdue(lost);
  }

  /** @returns the error of a call that is past its deadline; undefined before */
  overdue({ call, request, deadline }: StreamCall): string | undefined {
    if (Date.now() < deadline + GRACE_MS) return undefined;
    const text = 'The call was not finished by its deadline, or its answer was lost with its front door';
    // What the tool is like is not known here, so nobody is told to make the call again.
    const error = new MillraceError('deadline_exceeded', text, { retryable: false });
    return response(request, 'error', JSON.stringify(error.toJsonRpc(call)));
  }
}

function response(id: StreamCall['request'], member: 'result' | 'error', payload: string): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"${member}":${payload}}`;
}
