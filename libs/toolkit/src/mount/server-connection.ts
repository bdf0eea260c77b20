import {
  isJsonObject,
  type JsonObject,
  MillraceError,
  MODERN_REVISION,
  SESSION_REVISIONS,
} from '@millrace/protocol';
import { bindModern, speaksModern } from './modern-server.ts';
import { toAnswerError, toMountedError } from './mounted-error.ts';

/** A JSON-RPC message of either direction, as far as a connection looks at it. */
interface Message {
  readonly jsonrpc: '2.0';
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: JsonObject;
  readonly result?: JsonObject;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** Gets what the server sends on behalf of one request. */
export interface RequestListener {
  onNotification(method: string, params: JsonObject): void;
  /** Gives the agent's answer to a request of the server. */
  onRequest(method: string, params: JsonObject): Promise<JsonObject>;
}

interface OpenRequest {
  readonly resolve: (result: JsonObject) => void;
  readonly reject: (error: unknown) => void;
  readonly listener: RequestListener | undefined;
}

/**
 * Everything: one instance serves agents of all kinds, and what an agent cannot do is refused when the server asks
 * for it.
 */
const CAPABILITIES = { elicitation: { form: {}, url: {} }, sampling: { tools: {}, context: {} }, roots: {} };

const MODERN = { classification: { era: 'modern', revision: MODERN_REVISION } };

/** What `McpServer` and `Server` of both official SDKs have in common. */
export interface MountableServer {
  // The transports of the two SDKs have different types; a connection fits both at run time.
  connect(transport: never): Promise<void>;
  close(): Promise<void>;
}

/**
 * The client's end of one mounted server, and at the same time the transport that the server is connected to: messages
 * are handed over as objects, nothing is serialised.
 *
 * It speaks the newest 2025 revision: both SDKs serve it over any transport, one `initialize` per instance is enough,
 * and the worker stamps the results for newer revisions. A server of SDK v2 can be opened for the 2026-07-28 revision
 * instead; each request then brings its own envelope.
 */
export class ServerConnection {
  /** Set by the server when it connects; see `Transport` of the SDKs. */
  onmessage?: (message: Message, extra?: object) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;

  readonly #name: string;
  readonly #server: MountableServer;
  /** Gets the notifications that belong to no request, such as `notifications/tools/list_changed`. */
  readonly #onNotification: (connection: ServerConnection, method: string) => void;
  readonly #open = new Map<string | number, OpenRequest>();
  #lastId = 0;
  #closed = false;
  #isModern = false;
  /** `capabilities` of the server's answer to `initialize`. */
  capabilities: JsonObject = {};

  constructor(
    name: string,
    server: MountableServer,
    onNotification: (connection: ServerConnection, method: string) => void,
  ) {
    this.#name = name;
    this.#server = server;
    this.#onNotification = onNotification;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Connects the server and makes it ready for requests. */
  async open(): Promise<void> {
    await this.#server.connect(this as never);
    const answer = await this.request('initialize', {
      protocolVersion: SESSION_REVISIONS[0],
      capabilities: CAPABILITIES,
      clientInfo: { name: 'millrace', version: '0.1.0' },
    });
    if (isJsonObject(answer['capabilities'])) this.capabilities = answer['capabilities'];
    this.#deliver({ jsonrpc: '2.0', method: 'notifications/initialized' });
  }

  get speaksModern(): boolean {
    return speaksModern(this.#server);
  }

  /** Like `open`, for agents that speak 2026-07-28 and a server that does too. */
  async openModern(): Promise<void> {
    this.#isModern = true;
    bindModern(this.#server);
    await this.#server.connect(this as never);
  }

  /**
   * Makes one request. Rejects with the server's error as a `MillraceError`, and with the reason of the signal as soon
   * as that is aborted; the server is told then.
   * @param listener gets what the server sends on behalf of this request
   */
  request(
    method: string,
    params: JsonObject,
    signal?: AbortSignal,
    listener?: RequestListener,
  ): Promise<JsonObject> {
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<JsonObject>();
    const abort = () => {
      this.#deliver({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } });
      reject(signal?.reason);
    };
    if (this.#closed) return Promise.reject(this.#closedError());
    if (signal?.aborted) return Promise.reject(signal.reason);
    signal?.addEventListener('abort', abort, { once: true });
    this.#open.set(id, { resolve, reject, listener });
    this.#deliver({ jsonrpc: '2.0', id, method, params });
    return promise.finally(() => {
      this.#open.delete(id);
      signal?.removeEventListener('abort', abort);
    });
  }

  /** Called by the server. */
  async start(): Promise<void> {}

  /** Called by the server with each message that it sends. */
  async send(message: Message, options?: { relatedRequestId?: string | number }): Promise<void> {
    if (message.method === undefined) this.#settle(message);
    else if (message.id === undefined) {
      this.#notify(message.method, message.params ?? {}, options?.relatedRequestId);
    } else void this.#answer(message.id, message.method, message.params ?? {}, options?.relatedRequestId);
  }

  /** Called by the server when it ends. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const { reject } of this.#open.values()) reject(this.#closedError());
    this.onclose?.();
  }

  /** Ends the server, and with it the connection. */
  async end(): Promise<void> {
    await this.close();
    await this.#server.close();
  }

  #closedError(): MillraceError {
    return new MillraceError('internal_error', `The mounted server "${this.#name}" has closed`);
  }

  #deliver(message: Message): void {
    this.onmessage?.(message, this.#isModern ? MODERN : undefined);
  }

  #settle({ id, result, error }: Message): void {
    const request = id === undefined ? undefined : this.#open.get(id);
    if (error) request?.reject(toMountedError(error));
    else request?.resolve(result ?? {});
  }

  #notify(method: string, params: JsonObject, related: string | number | undefined): void {
    if (method.endsWith('/list_changed')) this.#onNotification(this, method);
    else this.#openRequest(related)?.listener?.onNotification(method, params);
  }

  /** An instance runs one call at a time, so a notification that names no request is of the one that runs. */
  #openRequest(related: string | number | undefined): OpenRequest | undefined {
    if (related !== undefined) return this.#open.get(related);
    return [...this.#open.values()].findLast((request) => request.listener !== undefined);
  }

  /** Passes a request of the server on to the agent; without a call there is no agent to ask. */
  async #answer(
    id: string | number,
    method: string,
    params: JsonObject,
    related: string | number | undefined,
  ): Promise<void> {
    try {
      const listener = this.#openRequest(related)?.listener;
      if (!listener)
        throw new MillraceError('method_not_found', 'There is no call for which to ask a client');
      this.#deliver({ jsonrpc: '2.0', id, result: await listener.onRequest(method, params) });
    } catch (error) {
      this.#deliver({ jsonrpc: '2.0', id, error: toAnswerError(error) });
    }
  }
}
