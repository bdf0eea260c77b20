import type { JsonRpcResponse } from '../support/wire.ts';

/** How one attempt to make a call ended, as its client saw it. */
export type Attempt =
  /** The cluster answered; `messages` counts the answers that came for the one request. */
  | { readonly kind: 'answered'; readonly response: JsonRpcResponse; readonly messages: number }
  /** There is no front door at this address. */
  | { readonly kind: 'refused' }
  /** The connection broke, so that nobody knows what became of the call. */
  | { readonly kind: 'broken' }
  /** Nothing came, and nothing broke. */
  | { readonly kind: 'hung' };

/** What an exception of `fetch` means for the call that was being made. */
export function attemptOf(thrown: unknown): Attempt {
  const { name, cause } = thrown as { name?: string; cause?: { code?: string } };
  if (name === 'TimeoutError' || name === 'AbortError') return { kind: 'hung' };
  if (cause?.code === 'ECONNREFUSED') return { kind: 'refused' };
  return { kind: 'broken' };
}

/** Name of the error in a response, or `result`. */
export function outcomeOf({ error, result }: JsonRpcResponse): string {
  if (error) return String(error.data?.['name'] ?? `code ${error.code}`);
  return result?.['isError'] === true ? 'tool_error' : 'result';
}

/** After how many deaths of workers the call was given up; undefined when it was not. */
export function deathsOf({ error }: JsonRpcResponse): number | undefined {
  const { deaths } = (error?.data?.['details'] ?? {}) as { deaths?: unknown };
  return typeof deaths === 'number' ? deaths : undefined;
}

/** Whether the cluster says that the same call may be made again, and when, in milliseconds. */
export function retryAfter({ error }: JsonRpcResponse): number | undefined {
  if (error?.data?.['retryable'] !== true) return undefined;
  const after = error.data['retryAfterMs'];
  return typeof after === 'number' ? after : DEFAULT_RETRY_MS;
}

const DEFAULT_RETRY_MS = 200;
