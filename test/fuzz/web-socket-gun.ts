import { WebSocket } from 'ws';
import { ANSWER_MS } from './http-gun.ts';
import type { Reply, Shot } from './shot.ts';

/** How long it waits for an answer to what wants none before it goes on, in milliseconds. */
const SILENCE_MS = 30;

/** Sends one message after the other over a WebSocket, and opens another one when that was closed. */
export class WebSocketGun {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  #socket: WebSocket | undefined;
  #heard: ((text: string | undefined) => void) | undefined;

  /** @param url of the HTTP endpoint */
  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.#url = url.replace(/^http/, 'ws').replace(/\/mcp$/, '/ws');
    this.#headers = headers;
  }

  /** @returns undefined when a message that wants an answer got none in time */
  async fire({ body }: Pick<Shot, 'body'>): Promise<Reply | undefined> {
    const socket = await this.#open();
    const { promise, resolve } = Promise.withResolvers<Reply | undefined>();
    const wanted = wantsAnswer(body);
    const timer = setTimeout(
      () => resolve(wanted ? undefined : { status: 0, text: '' }),
      wanted ? ANSWER_MS : SILENCE_MS,
    );
    const id = idOf(body);
    this.#heard = (text) => {
      // Notifications come in between, and so may the answer to something that seemed to want none.
      if (text !== undefined && !isAnswerTo(text, id)) return;
      resolve({ status: 0, text: text ?? '' });
    };
    socket.send(body, { binary: false });
    const reply = await promise;
    clearTimeout(timer);
    this.#heard = undefined;
    return reply;
  }

  close(): void {
    this.#socket?.terminate();
  }

  async #open(): Promise<WebSocket> {
    if (this.#socket?.readyState === WebSocket.OPEN) return this.#socket;
    const socket = new WebSocket(this.#url, { headers: { ...this.#headers } });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // The first message is the server's.
    socket.once('message', () => {
      socket.on('message', (data) => this.#heard?.(String(data)));
      resolve();
    });
    socket.on('error', reject);
    socket.on('close', () => this.#heard?.(undefined));
    await promise;
    this.#socket = socket;
    return socket;
  }
}

/** The message, as far as it can be read. */
function read(body: string | Uint8Array): Record<string, unknown> | undefined {
  try {
    const message: unknown = JSON.parse(typeof body === 'string' ? body : Buffer.from(body).toString());
    return typeof message === 'object' && message !== null ? (message as Record<string, unknown>) : {};
  } catch {
    // Something is answered to it, or the connection ends.
    return undefined;
  }
}

function wantsAnswer(body: string | Uint8Array): boolean {
  const message = read(body);
  return message === undefined || ('id' in message && 'method' in message);
}

function idOf(body: string | Uint8Array): unknown {
  return read(body)?.['id'];
}

/** An error that nobody knows the request of has the id null. */
function isAnswerTo(text: string, id: unknown): boolean {
  const answer = read(text) ?? {};
  return (
    !('method' in answer) && (answer['id'] === id || answer['id'] === null || answer['id'] === undefined)
  );
}
