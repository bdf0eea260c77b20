import type { Metrics, Tally } from '@millrace/service';

/** Notes how long the answers to the requests of one method take. */
export class RequestTimer {
  readonly #ok: Tally;
  readonly #error: Tally;

  constructor(method: string, { requestDuration }: Pick<Metrics, 'requestDuration'>) {
    this.#ok = requestDuration.bind({ method, status: 'ok' });
    this.#error = requestDuration.bind({ method, status: 'error' });
  }

  /**
   * @param isResult whether the request was answered with a result; that of a tool may tell of a failure
   * @param since when the request came, by `performance.now()`
   */
  answered(isResult: boolean, since: number): void {
    const tally = isResult ? this.#ok : this.#error;
    tally.observe((performance.now() - since) / 1000);
  }
}
