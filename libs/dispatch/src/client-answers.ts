import type { AnswerSender, AskedRequests, SessionRecord } from '@millrace/broker';
import type { JsonObject } from '@millrace/protocol';
import type { Logger } from '@millrace/service';

/** Brings what clients of sessions answer to the workers that asked, whichever replica it was sent to. */
export class ClientAnswers {
  readonly #asked: AskedRequests;
  readonly #sender: AnswerSender;
  readonly #logger: Logger;

  constructor(asked: AskedRequests, sender: AnswerSender, logger: Logger) {
    this.#asked = asked;
    this.#sender = sender;
    this.#logger = logger;
  }

  /** @param message the JSON-RPC response; one that nobody (any more) waits for is dropped */
  async receive(message: JsonObject, session: SessionRecord): Promise<void> {
    const { id, result, error } = message;
    if (typeof id === 'string' && (await this.#asked.answer(id, session.id))) {
      const answer = { id, ...(error === undefined ? { result } : { error }) };
      if (await this.#sender.send(answer)) return;
    }
    this.#logger.info({ request: id, session: session.id }, 'an answer that nobody waits for was dropped');
  }
}
