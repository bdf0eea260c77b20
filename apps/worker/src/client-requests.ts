import type { ClientAnswer } from '@millrace/broker';
import { isJsonObject, type JsonObject } from '@millrace/protocol';
import { ClientError } from '@millrace/toolkit';

/** What one call has asked its client and has no answer to yet. */
export class ClientRequests {
  readonly #prefix: string;
  readonly #open = new Map<string, PromiseWithResolvers<JsonObject>>();
  #last = 0;

  /** @param prefix what the ids of all its requests begin with */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** @returns the id of a new request, and its answer when that comes */
  open(): { readonly id: string; readonly answer: Promise<JsonObject> } {
    this.#last += 1;
    const id = `${this.#prefix}/${this.#last}`;
    const waiting = Promise.withResolvers<JsonObject>();
    this.#open.set(id, waiting);
    return { id, answer: waiting.promise };
  }

  /** @returns whether anybody waited for it */
  settle({ id, result, error }: ClientAnswer): boolean {
    const waiting = this.#open.get(id);
    this.#open.delete(id);
    if (isJsonObject(result)) waiting?.resolve(result);
    else waiting?.reject(toClientError(error));
    return waiting !== undefined;
  }

  failAll(reason: Error): void {
    for (const { reject } of this.#open.values()) reject(reason);
    this.#open.clear();
  }
}

/** Id of the call that made a request `<worker id>/<call id>/<n>`. */
export function callOf(request: string): string {
  return request.slice(request.indexOf('/') + 1, request.lastIndexOf('/'));
}

function toClientError(error: unknown): ClientError {
  const { code, message, data } = isJsonObject(error) ? error : {};
  return new ClientError({
    code: typeof code === 'number' ? code : -32603,
    message: typeof message === 'string' ? message : 'The client gave neither a result nor an error',
    data,
  });
}
