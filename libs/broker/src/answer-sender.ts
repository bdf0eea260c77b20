import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { cipherOf } from './payload-cipher.ts';
import { publishCounted } from './publish-counted.ts';

/** What a client answered to a request of a worker. */
export interface ClientAnswer {
  /** Id of the request, `<worker id>/<call id>/<n>`. */
  readonly id: string;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** Brings the answers of clients to the workers that asked. */
export class AnswerSender {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** @returns whether the worker was there to hear it */
  async send(answer: ClientAnswer): Promise<boolean> {
    const [worker = ''] = answer.id.split('/');
    const channel = this.#keys.workerChannel(worker);
    return (
      (await publishCounted(
        this.#redis,
        channel,
        cipherOf(this.#redis).seal(JSON.stringify(answer), 'answer'),
      )) > 0
    );
  }
}
