import type { StoredReplies, StreamCall } from '@millrace/broker';
import { isTerminal, MillraceError } from '@millrace/protocol';

/** How long after its deadline a call is left to the front door that made it, in milliseconds. */
const GRACE_MS = 1_000;

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
  async find({ call, request, deadline }: StreamCall): Promise<string | undefined> {
    const [frame] = (await this.#stored.take([call])).filter(isTerminal);
    if (frame) return response(request, frame.kind, frame.payload);
    if (Date.now() < deadline + GRACE_MS) return undefined;
    const text = 'The call was not finished by its deadline, or its answer was lost with its front door';
    const error = new MillraceError('deadline_exceeded', text);
    return response(request, 'error', JSON.stringify(error.toJsonRpc(call)));
  }
}

function response(id: StreamCall['request'], member: 'result' | 'error', payload: string): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"${member}":${payload}}`;
}
