import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { MillraceError } from '@millrace/protocol';
import type { Service } from '@millrace/service';
import type { JSONRPCMessage, RequestId, Transport } from '@modelcontextprotocol/client';

/** Streams that end when their client wants it, and not by themselves. */
const ENDLESS = 'subscriptions/listen';

export interface StdioOptions {
  /** To the cluster. */
  readonly transport: Transport;
  readonly input: Readable;
  readonly output: Writable;
  /** Told what went wrong beside the answers. */
  readonly onError: (error: Error) => void;
}

/** An MCP server on standard input and output that serves the whole cluster: each line is one JSON-RPC message. */
export class Stdio implements Service {
  readonly #options: StdioOptions;
  readonly #ended = Promise.withResolvers<void>();
  /** Requests that an end of the input still waits for. */
  readonly #open = new Set<RequestId>();
  #inputEnded = false;
  #closed = false;

  constructor(options: StdioOptions) {
    this.#options = options;
  }

  /** Resolves when the client has closed the input and all that it asked is answered, or the cluster is gone. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  async start(): Promise<void> {
    const { transport, input, onError } = this.#options;
    transport.onmessage = (message) => this.#answer(message);
    transport.onerror = onError;
    transport.onclose = () => this.#ended.resolve();
    await transport.start();
    const lines = createInterface({ input });
    lines.on('line', (line) => void this.#take(line));
    lines.once('close', () => {
      this.#inputEnded = true;
      this.#endWhenAnswered();
    });
  }

  async stop(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#options.transport.close();
  }

  async #take(line: string): Promise<void> {
    if (line.trim() === '') return;
    const message = this.#parse(line);
    if (!message) return;
    const isRequest = 'method' in message && 'id' in message;
    if (isRequest && message.method !== ENDLESS) this.#open.add(message.id);
    if ('method' in message && message.method === 'notifications/cancelled')
      this.#open.delete(message.params?.['requestId'] as RequestId);
    try {
      await this.#options.transport.send(message);
    } catch (error) {
      this.#options.onError(error as Error);
      if (isRequest) this.#fail(message.id, unreachable(error));
    }
  }

  #parse(line: string): JSONRPCMessage | undefined {
    try {
      return JSON.parse(line) as JSONRPCMessage;
    } catch (cause) {
      this.#fail(
        null,
        new MillraceError('parse_error', 'Parse error: the line is not valid JSON', { cause }),
      );
      return undefined;
    }
  }

  #fail(id: RequestId | null, error: MillraceError): void {
    this.#answer({ jsonrpc: '2.0', id, error: error.toJsonRpc() } as JSONRPCMessage);
  }

  #answer(message: JSONRPCMessage): void {
    this.#options.output.write(`${JSON.stringify(message)}\n`);
    if ('method' in message || message.id === undefined) return;
    this.#open.delete(message.id);
    this.#endWhenAnswered();
  }

  #endWhenAnswered(): void {
    if (this.#inputEnded && this.#open.size === 0) this.#ended.resolve();
  }
}

function unreachable(cause: unknown): MillraceError {
  return new MillraceError('outcome_unknown', 'The cluster could not be reached', { cause });
}
