import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parseResponse } from './response-parser.ts';

/** Holds the largest response that is expected. */
const BUFFER_BYTES = 1_048_576;

/**
 * A keep-alive connection for large answers that are all alike: it knows the length of the response and looks at the
 * bytes where they lie. To make strings of them takes as much processor time as the front door takes to answer.
 */
export class PageConnection {
  readonly #socket: Socket;
  readonly #received = Buffer.alloc(BUFFER_BYTES);
  readonly #expectedBytes: number;
  #length = 0;
  #waiting: { resolve: (response: Buffer) => void; reject: (error: Error) => void } | undefined;

  private constructor(port: number, expectedBytes: number) {
    this.#expectedBytes = expectedBytes;
    const buffer = Buffer.alloc(BUFFER_BYTES);
    const callback = (bytes: number) => this.#read(buffer.subarray(0, bytes));
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback } });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /** @param expectedBytes length of each response, head included */
  static async open(port: number, expectedBytes: number): Promise<PageConnection> {
    const connection = new PageConnection(port, expectedBytes);
    await once(connection.#socket, 'connect');
    return connection;
  }

  /** The first response on a connection of its own, whose length nobody knows yet: what came when it is whole. */
  static async first(port: number, request: Buffer): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    socket.write(request);
    for await (const chunk of socket) {
      chunks.push(chunk as Buffer);
      const received = Buffer.concat(chunks);
      if (parseResponse(received.toString('latin1'))) return received;
    }
    throw new Error('the server closed the connection');
  }

  /** Sends a whole request and gives the bytes of the response, good until the next request. */
  exchange(request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('the connection is closed'));
      this.#length = 0;
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): boolean {
    if (this.#length + chunk.length > this.#expectedBytes) {
      this.#socket.destroy(new Error(`a response of more than ${this.#expectedBytes} bytes`));
      return false;
    }
    chunk.copy(this.#received, this.#length);
    this.#length += chunk.length;
    if (this.#length === this.#expectedBytes) {
      this.#waiting?.resolve(this.#received.subarray(0, this.#length));
      this.#waiting = undefined;
    }
    return true;
  }

  #fail(error: Error): void {
    const received = this.#received.toString('latin1', 0, Math.min(this.#length, 400));
    this.#waiting?.reject(new Error(`${error.message}, after: ${received}`, { cause: error }));
    this.#waiting = undefined;
  }
}
