import { type Call, callFields } from '@millrace/protocol';
import type { Tracer, TraceSpan } from '@millrace/service';

/** The steps of one traced call in this worker. */
export class CallTrace {
  readonly #target: string;
  readonly #worker: TraceSpan;
  #tries = 0;

  /** Begins it, and tells how long the call has waited for its slot. */
  static of(tracer: Tracer, call: Call, worker: string): CallTrace | undefined {
    return call.trace && new CallTrace(tracer, call, call.trace, worker);
  }

  private constructor(
    tracer: Tracer,
    call: Call,
    { parent, sentAt }: NonNullable<Call['trace']>,
    worker: string,
  ) {
    this.#target = call.target;
    tracer.step('queue', parent, { startedAt: sentAt }).end();
    const attributes = { ...callFields(call), 'millrace.worker': worker };
    this.#worker = tracer.step('worker', parent, { kind: 'consumer', attributes });
  }

  /** One try of the target, of which a retry makes several. */
  beginTry(): TraceSpan {
    this.#tries += 1;
    return this.#worker.step(`tool ${this.#target}`, {
      attributes: { 'millrace.attempt': this.#tries },
    });
  }

  /** @param error name of the failure; none when it went well */
  end(error?: string): void {
    this.#worker.end(error);
  }
}
