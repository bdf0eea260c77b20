import { isJsonObject } from '@millrace/protocol';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { LineSplitter } from './line-splitter.ts';
import { MessageOrder } from './message-order.ts';
import type { OutputLog } from './output-log.ts';
import type { ProcessGroup } from './process-group.ts';

/** The longest message that is taken from a server. */
const MOST_BYTES = 64 * 1024 * 1024;

/** The process is ending: what was to be sent was not. */
export class InputEnded extends Error {
  override readonly name = 'InputEnded';

  constructor() {
    super('the process takes no more input');
  }
}

/**
 * MCP over the pipes of one process. The SDK's own transport would do, but for what it cannot: end the whole group of
 * the process, tell how it ended, and notice what is printed beside the protocol.
 */
export class StdioTransport implements Transport {
  declare onclose?: () => void;
  declare onerror?: (error: Error) => void;
  declare onmessage?: Transport['onmessage'];
  readonly #group: ProcessGroup;
  readonly #rubbish: OutputLog;
  readonly #order = new MessageOrder((message) => this.onmessage?.(message));
  #started = false;

  /** @param rubbish gets what is printed beside the protocol */
  constructor(group: ProcessGroup, rubbish: OutputLog) {
    this.#group = group;
    this.#rubbish = rubbish;
  }

  /** With `stderr` this tells the SDK that it talks to a process, where silence means an older server. */
  get pid(): number {
    return this.#group.pid;
  }

  get stderr(): unknown {
    return this.#group.stderr;
  }

  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    const lines = new LineSplitter(MOST_BYTES, (line) => this.#receive(line));
    this.#group.stdout.on('data', (chunk: Buffer) => {
      try {
        lines.push(chunk);
      } catch (error) {
        this.onerror?.(error as Error);
        void this.close();
      }
    });
    void this.#group.ended.then(() => this.onclose?.());
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const { stdin } = this.#group;
    if (!stdin.writable) throw new InputEnded();
    if (!stdin.write(`${JSON.stringify(message)}\n`)) {
      await new Promise<void>((resolve) => {
        const done = () => {
          stdin.off('drain', done).off('close', done);
          resolve();
        };
        stdin.on('drain', done).on('close', done);
      });
    }
  }

  /** Resolves when nothing is left of the process. */
  async close(): Promise<void> {
    await this.#group.stop();
  }

  #receive(line: string): void {
    const message = parse(line);
    if (message) this.#order.push(message);
    else if (line.trim() !== '') this.#rubbish.push(`${line}\n`);
  }
}

function parse(line: string): JSONRPCMessage | undefined {
  try {
    const message: unknown = JSON.parse(line);
    return isJsonObject(message) && message['jsonrpc'] === '2.0'
      ? (message as unknown as JSONRPCMessage)
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
