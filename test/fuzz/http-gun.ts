import { Agent, request } from 'node:http';
import type { Reply, Shot } from './shot.ts';

/** How long an answer may take, in milliseconds. */
export const ANSWER_MS = 15_000;

/** Sends requests over connections that are kept. */
export class HttpGun {
  readonly #url: URL;
  readonly #agent: Agent;

  constructor(url: string, connections: number) {
    this.#url = new URL(url);
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** @returns undefined when no answer came in time */
  fire({ headers, body }: Pick<Shot, 'headers' | 'body'>): Promise<Reply | undefined> {
    const { promise, resolve } = Promise.withResolvers<Reply | undefined>();
    const sent = request(
      this.#url,
      { method: 'POST', agent: this.#agent, headers: { ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (data: string) => {
          text += data;
          // Streams that stay open have said what is to be judged with their first event.
          if (response.headers['content-type'] === 'text/event-stream' && text.includes('\n\n'))
            sent.destroy();
        });
        response.on('close', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    sent.setTimeout(ANSWER_MS, () => {
      resolve(undefined);
      sent.destroy();
    });
    // A refused body may end its connection before it is sent.
    sent.on('error', (error) => resolve({ status: 0, text: error.message }));
    sent.end(body);
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}
