/** One event of a stream. */
export interface ServerEvent {
  readonly id: string | undefined;
  /** The JSON-RPC message; undefined for an event that only marks a position. */
  readonly message: Record<string, unknown> | undefined;
}

/** Reads a stream of server-sent events, one by one. */
export class EventStream {
  readonly response: Response;
  readonly #abort: AbortController;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = '';

  private constructor(response: Response, abort: AbortController) {
    if (!response.body) throw new Error(`HTTP ${response.status} without a body`);
    this.response = response;
    this.#abort = abort;
    this.#reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async open(url: string, init: RequestInit): Promise<EventStream> {
    const abort = new AbortController();
    return new EventStream(await fetch(url, { ...init, signal: abort.signal }), abort);
  }

  /** @returns the next event, or undefined when the server has ended the stream */
  async next(): Promise<ServerEvent | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        if (!block.startsWith(':')) return eventOf(block);
      } else {
        const { value, done } = await this.#reader.read();
        if (done) return undefined;
        this.#text += value;
      }
    }
  }

  /** @returns the next event that carries a message */
  async message(): Promise<ServerEvent & { message: Record<string, unknown> }> {
    for (;;) {
      const event = await this.next();
      if (!event) throw new Error('the stream ended');
      if (event.message) return { ...event, message: event.message };
    }
  }

  /** @returns all that is left to read, for an answer that is no stream */
  async rest(): Promise<string> {
    for (let more = await this.#reader.read(); !more.done; more = await this.#reader.read()) {
      this.#text += more.value;
    }
    return this.#text;
  }

  /** Goes away, as a client that loses its connection does. */
  drop(): void {
    this.#abort.abort();
  }
}

function eventOf(block: string): ServerEvent {
  const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1];
  const data = field('data');
  return { id: field('id'), message: data ? JSON.parse(data) : undefined };
}
