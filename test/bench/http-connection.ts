import { connect, type Socket } from 'node:net';
import { type HttpResponse, parseResponse } from './response-parser.ts';

/** One keep-alive connection with at most one request in flight. */
export class HttpConnection {
  readonly #socket: Socket;
  #received = '';
  #waiting: { resolve: (response: HttpResponse) => void; reject: (error: Error) => void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#read(text));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new HttpConnection(socket);
  }

  /** Sends a whole request and gives its response. Rejects when the connection breaks. */
  exchange(request: Buffer): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('the connection is closed'));
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#received = this.#received === '' ? text : this.#received + text;
    try {
      const response = parseResponse(this.#received);
      if (response === undefined) return;
      this.#received = '';
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.resolve(response);
    } catch (error) {
      this.#socket.destroy(error as Error);
    }
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}
