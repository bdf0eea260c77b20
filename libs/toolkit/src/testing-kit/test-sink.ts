import type { JsonObject } from '@millrace/protocol';
import type { CallSink } from '../call-sink.ts';

/** A notification that a tool sent to its client. */
export interface SentNotification {
  readonly method: string;
  readonly params: JsonObject;
}

/** Answers what a tool asks its client: `elicitation/create`, `sampling/createMessage` or `roots/list`. */
export type AnswerClient = (
  method: string,
  params: JsonObject,
  key: string,
) => JsonObject | Promise<JsonObject>;

/** The client's end of one call. */
export class TestSink implements CallSink {
  readonly signal: AbortSignal;
  /** The client is there as long as the call runs. */
  readonly live = true;
  readonly #sent: SentNotification[];
  readonly #answer: AnswerClient | undefined;

  /** @param sent where notifications are kept */
  constructor(signal: AbortSignal, sent: SentNotification[], answer: AnswerClient | undefined) {
    this.signal = signal;
    this.#sent = sent;
    this.#answer = answer;
  }

  notify(method: string, params: JsonObject): void {
    this.#sent.push({ method, params });
  }

  async request(method: string, params: JsonObject, key: string): Promise<JsonObject> {
    if (!this.#answer) throw new Error(`the tool asks its client (${method}), and the test gave no "answer"`);
    return this.#answer(method, params, key);
  }
}
