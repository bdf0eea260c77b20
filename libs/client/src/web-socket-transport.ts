import { setTimeout as sleep } from 'node:timers/promises';
import { MillraceError } from '@millrace/protocol';
import type { JSONRPCMessage, JSONRPCRequest, RequestId, Transport } from '@modelcontextprotocol/client';
import { isRequest, isResponse } from './message.ts';
import { SetupRequests } from './setup-requests.ts';
import { NORMAL_CLOSURE, WebSocketLink } from './web-socket-link.ts';

export interface WebSocketTransportOptions {
  /** HTTP headers of the opening request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long to wait before each try to connect again, in milliseconds; 1, 2, 4, 8 and 16 s unless given. */
  readonly retryDelaysMs?: readonly number[];
  /** Between two signs of life that the server is asked for, in milliseconds; 30 s unless given. */
  readonly heartbeatMs?: number;
}

const RETRY_DELAYS_MS = [0, 1, 2, 3, 4].map((attempt) => 2 ** attempt * 1_000);
const HEARTBEAT_MS = 30_000;

/**
 * An SDK transport over a WebSocket, for clients of both generations of the SDK. When the connection is lost,
 * requests in flight end with an error, since nobody knows whether they took effect; then the transport connects
 * again, and a session of the 2025 revisions is set up as it was. Messages that are sent meanwhile wait for that. A
 * connection that the server closed because it was not used is opened again with the next message.
 */
export class WebSocketTransport implements Transport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: Transport['onmessage'];
  readonly #url: URL;
  readonly #options: WebSocketTransportOptions;
  readonly #setup = new SetupRequests();
  readonly #inFlight = new Map<RequestId, JSONRPCRequest>();
  readonly #ending = new AbortController();
  /** Pending while a connection is made; undefined while none is wanted. */
  #link: Promise<WebSocketLink> | undefined;

  /** @param url such as `ws://front-door:8080/ws` */
  constructor(url: URL | string, options: WebSocketTransportOptions = {}) {
    this.#url = new URL(url);
    this.#options = options;
  }

  /** Connects. One try only: a wrong address should be told at once. */
  async start(): Promise<void> {
    if (this.#link) throw new Error('The transport is started already');
    this.#link = this.#open();
    await this.#link;
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#ending.signal.aborted) throw new Error('The transport is closed');
    this.#link ??= this.#reopen([0, ...this.#delays]);
    const link = await this.#link;
    if (isRequest(message)) this.#inFlight.set(message.id, message);
    try {
      await link.send(message);
    } catch (error) {
      if (isRequest(message)) this.#inFlight.delete(message.id);
      throw error;
    }
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort(new Error('The transport was closed'));
    const link = await this.#link?.catch(() => undefined);
    await link?.close();
    this.onclose?.();
  }

  get #delays(): readonly number[] {
    return this.#options.retryDelaysMs ?? RETRY_DELAYS_MS;
  }

  #open(): Promise<WebSocketLink> {
    const { headers = {}, heartbeatMs = HEARTBEAT_MS } = this.#options;
    return WebSocketLink.open({
      url: this.#url,
      headers,
      heartbeatMs,
      onMessage: (message) => this.#receive(message),
      onError: (error) => this.onerror?.(error),
      onClosed: (link, code) => void this.#lost(link, code),
    });
  }

  #receive(message: JSONRPCMessage): void {
    if (isResponse(message) && message.id !== undefined) {
      const request = this.#inFlight.get(message.id);
      this.#inFlight.delete(message.id);
      if (request && 'result' in message) this.#setup.granted(request);
    }
    this.onmessage?.(message);
  }

  /** A link that never came into use is the business of whoever made it. */
  async #lost(link: WebSocketLink, code: number): Promise<void> {
    if (this.#ending.signal.aborted || (await this.#link?.catch(() => undefined)) !== link) return;
    this.#link = code === NORMAL_CLOSURE ? undefined : this.#reopen(this.#delays);
    // Whoever sends next hears of a failure; until then it is told by `onerror` and `onclose`.
    this.#link?.catch(() => undefined);
    this.#failInFlight();
  }

  #failInFlight(): void {
    const lost = [...this.#inFlight.keys()];
    this.#inFlight.clear();
    for (const id of lost) {
      const error = new MillraceError(
        'outcome_unknown',
        'The connection was lost while the request was under way: it is not known whether it took effect',
      );
      this.onmessage?.({ jsonrpc: '2.0', id, error: error.toJsonRpc(String(id)) });
    }
  }

  async #reopen(delaysMs: readonly number[]): Promise<WebSocketLink> {
    const failures: unknown[] = [];
    for (const delayMs of delaysMs) {
      try {
        await sleep(delayMs, undefined, { signal: this.#ending.signal });
        return await this.#setUpAgain(await this.#open());
      } catch (error) {
        if (this.#ending.signal.aborted) throw error;
        failures.push(error);
      }
    }
    throw this.#giveUp(failures);
  }

  async #setUpAgain(link: WebSocketLink): Promise<WebSocketLink> {
    for (const message of this.#setup.again()) {
      if (!isRequest(message)) await link.send(message);
      else if ('error' in (await link.ask(message)) && message.method === 'initialize') {
        await link.close();
        throw new Error('The session could not be opened again');
      }
    }
    return link;
  }

  #giveUp(failures: readonly unknown[]): Error {
    const error = new Error(`No connection to ${this.#url.href} after ${failures.length} tries`, {
      cause: failures.at(-1),
    });
    this.#ending.abort(error);
    this.onerror?.(error);
    this.onclose?.();
    return error;
  }
}
