import { isJsonObject, META, MillraceError } from '@millrace/protocol';
import {
  type JSONRPCMessage,
  type JSONRPCRequest,
  type RequestId,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client';
import { ArgumentHeaders } from './argument-headers.ts';

/** A request that is not answered yet. */
interface Open {
  readonly method: string;
  /** Closes the stream of the answer, which since 2026-07-28 is how a request is cancelled. */
  readonly cancel?: AbortController;
}

/**
 * Brings messages of a client that knows nothing of HTTP to a front door, and back. What the SDK's client does beside
 * its transport is done here: the negotiated version, the headers of arguments, and cancellation.
 */
export class HttpPipe implements Transport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: Transport['onmessage'];
  readonly #http: StreamableHTTPClientTransport;
  readonly #open = new Map<RequestId, Open>();
  readonly #headers = new ArgumentHeaders();

  /** @param headers sent with every request, such as a credential */
  constructor(url: URL, headers: Readonly<Record<string, string>> = {}) {
    this.#http = new StreamableHTTPClientTransport(url, { fetch: fetchMessages, requestInit: { headers } });
    this.#http.onmessage = (message) => this.#receive(message);
    this.#http.onerror = (error) => this.onerror?.(error);
    this.#http.onclose = () => this.onclose?.();
  }

  async start(): Promise<void> {
    await this.#http.start();
  }

  /** Never rejects for a request: what goes wrong is its answer. */
  async send(message: JSONRPCMessage): Promise<void> {
    if ('method' in message && 'id' in message) await this.#request(message);
    else if (!this.#cancelled(message)) await this.#http.send(message);
  }

  /** Ends the session too, where there is one. */
  async close(): Promise<void> {
    if (this.#http.sessionId !== undefined) await this.#http.terminateSession();
    await this.#http.close();
  }

  async #request(request: JSONRPCRequest): Promise<void> {
    const { id, method, params } = request;
    const isModern = isJsonObject(params?._meta) && params._meta[META.protocolVersion] !== undefined;
    const cancel = isModern ? new AbortController() : undefined;
    this.#open.set(id, { method, ...(cancel && { cancel }) });
    try {
      await this.#http.send(request, {
        ...(cancel && { requestSignal: cancel.signal, onRequestStreamEnd: () => this.#lost(id) }),
        ...(cancel && method === 'tools/call' && { headers: this.#headers.of(params ?? {}) }),
      });
    } catch (cause) {
      this.#lost(id, cause);
    }
  }

  /** @returns whether the message was a cancellation that closing a stream has done */
  #cancelled(message: JSONRPCMessage): boolean {
    if (!('method' in message) || message.method !== 'notifications/cancelled') return false;
    const id = message.params?.['requestId'] as RequestId;
    const open = this.#open.get(id);
    if (!open?.cancel) return false;
    this.#open.delete(id);
    open.cancel.abort();
    return true;
  }

  #receive(message: JSONRPCMessage): void {
    if (!('method' in message) && message.id !== undefined) {
      const open = this.#open.get(message.id);
      this.#open.delete(message.id);
      if (open && 'result' in message) this.#learn(open.method, message.result);
    }
    this.onmessage?.(message);
  }

  #learn(method: string, result: Record<string, unknown>): void {
    if (method === 'tools/list') this.#headers.learn(result);
    if (method === 'initialize') this.#http.setProtocolVersion(String(result['protocolVersion']));
  }

  #lost(id: RequestId, cause?: unknown): void {
    if (!this.#open.delete(id)) return;
    const why = cause instanceof Error ? cause.message : 'the answer broke off';
    const message = `The front door did not answer (${why}): it is not known whether the request took effect`;
    const error = new MillraceError('outcome_unknown', message, { cause });
    this.onmessage?.({ jsonrpc: '2.0', id, error: error.toJsonRpc(String(id)) });
  }
}

/** A pipe has no status: an error that has one over HTTP is a message like any other. */
async function fetchMessages(url: string | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const isMessage = response.headers.get('content-type')?.startsWith('application/json');
  if (response.ok || init?.method !== 'POST' || !isMessage) return response;
  return new Response(response.body, { status: 200, headers: response.headers });
}
