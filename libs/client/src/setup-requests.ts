import type { JSONRPCNotification, JSONRPCRequest, RequestId } from '@modelcontextprotocol/client';

/** Ids of requests that are sent again begin with this, so that their answers are told from the client's own. */
const PREFIX = 'millrace-setup-';

/**
 * What the client of a 2025 revision set up, and the server forgets with the connection: the session, the log level,
 * the subscriptions. It is set up again on each new connection.
 */
export class SetupRequests {
  readonly #requests = new Map<string, JSONRPCRequest>();
  #count = 0;

  /** Takes note of a request that the server granted. */
  granted(request: JSONRPCRequest): void {
    const { method } = request;
    const resource = `resource ${request.params?.['uri']}`;
    if (method === 'initialize') this.#requests.clear();
    if (method === 'initialize' || method === 'logging/setLevel') this.#requests.set(method, request);
    else if (method === 'resources/subscribe') this.#requests.set(resource, request);
    else if (method === 'resources/unsubscribe') this.#requests.delete(resource);
  }

  /** What a new connection begins with, in this order, one after the other. */
  again(): (JSONRPCRequest | JSONRPCNotification)[] {
    return [...this.#requests.values()].flatMap((request) => {
      this.#count += 1;
      const again = { ...request, id: `${PREFIX}${this.#count}` };
      if (request.method !== 'initialize') return [again];
      return [again, { jsonrpc: '2.0', method: 'notifications/initialized' } as const];
    });
  }
}

/** Whether an answer is to a request that was sent again: the client knows nothing of it. */
export function isSetupId(id: RequestId | undefined): boolean {
  return typeof id === 'string' && id.startsWith(PREFIX);
}
