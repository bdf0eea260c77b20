import {
  type Call,
  type JsonObject,
  MillraceError,
  type ServerInfo,
  stampResult,
  toMillraceError,
} from '@millrace/protocol';
import { withDeadline } from '@millrace/resilience';
import type { Logger } from '@millrace/service';
import {
  applyMiddleware,
  type CallContext,
  type CallSink,
  type Middleware,
  type Target,
} from '@millrace/toolkit';
import type { RunningCall } from './running-call.ts';

export interface CallRunnerOptions {
  readonly serverInfo: ServerInfo;
  readonly createContext: (call: Call, sink: CallSink) => CallContext;
  /** The layers around every call at this moment, the outermost first. */
  readonly middleware: () => readonly Middleware[];
  readonly logger: Logger;
}

/** Runs one call on its target through the chain of policies, and answers it whatever happens. */
export class CallRunner {
  readonly #options: CallRunnerOptions;

  constructor(options: CallRunnerOptions) {
    this.#options = options;
  }

  /** Resolves when the call is answered; never rejects. */
  async run(running: RunningCall, target: Target): Promise<void> {
    const { call } = running;
    const started = performance.now();
    try {
      const result = await this.#chain(running, target);
      const stamped = stampResult(result, call.method, call.revision, this.#options.serverInfo);
      running.end('result', JSON.stringify(stamped), performance.now() - started);
    } catch (thrown) {
      this.#fail(running, thrown, performance.now() - started);
    }
  }

  /** deadline → middleware → target */
  #chain(running: RunningCall, target: Target): Promise<JsonObject> {
    const { call } = running;
    const context = this.#options.createContext(call, running);
    const layers = this.#options.middleware();
    const work =
      layers.length === 0
        ? target.run(call, context)
        : applyMiddleware(layers, call, context, () => target.run(call, context));
    return withDeadline(work, deadlineOf(call, target), () => {
      const timeout = new MillraceError(
        'deadline_exceeded',
        `${call.target} was not finished by its deadline`,
      );
      running.abort(timeout);
      return timeout;
    });
  }

  #fail(running: RunningCall, thrown: unknown, runMs: number): void {
    // Whatever an aborted tool throws tells no more than that.
    const error = toMillraceError(running.abortReason ?? thrown);
    if (error.kind === 'internal_error') {
      this.#options.logger.error({ err: error.cause ?? error, call: running.call.id }, 'a call failed');
    }
    running.end('error', JSON.stringify(error.toJsonRpc(running.call.id)), runMs);
  }
}

function deadlineOf(call: Call, target: Target): number {
  return target.timeoutMs === undefined
    ? call.deadline
    : Math.min(call.deadline, Date.now() + target.timeoutMs);
}
