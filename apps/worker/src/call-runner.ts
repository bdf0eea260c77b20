import {
  type Call,
  callFields,
  MillraceError,
  type ServerInfo,
  stampResult,
  toMillraceError,
} from '@millrace/protocol';
import { withDeadline } from '@millrace/resilience';
import type { Logger, Tracer } from '@millrace/service';
import {
  applyMiddleware,
  type CallContext,
  type CallSink,
  type Middleware,
  type Target,
  thrownBy,
} from '@millrace/toolkit';
import { CallTrace } from './call-trace.ts';
import { type Failure, failed, type Outcome, succeeded } from './outcome.ts';
import type { RunningCall } from './running-call.ts';
import {
  type Chained,
  type Run,
  ToolChains,
  type ToolChainsOptions,
  type WorkerLayers,
} from './tool-chain.ts';
import { statusOf, type ToolFigures } from './tool-figures.ts';

export interface CallRunnerOptions {
  readonly serverInfo: ServerInfo;
  readonly createContext: (call: Call, sink: CallSink) => CallContext;
  /** The layers around every call at this moment, the outermost first. */
  readonly middleware: () => readonly Middleware[];
  /** The policies that tools may switch on; none unless given. */
  readonly policies?: {
    readonly layers: WorkerLayers;
    readonly policiesOf: ToolChainsOptions['policiesOf'];
  };
  /** Nothing is traced unless given. */
  readonly tracer?: Tracer | undefined;
  /** Id of this worker, in traces. */
  readonly worker?: string;
  /** Nothing is counted unless given. */
  readonly figures?: ToolFigures;
  readonly logger: Logger;
}

/** What a tool's definition says counts, and nothing stands around it. */
const OWN_POLICIES: NonNullable<CallRunnerOptions['policies']> = {
  layers: {},
  policiesOf: (tool) => tool.policies,
};

/** Runs one call on its target through the chain of policies, and answers it whatever happens. */
export class CallRunner {
  readonly #options: CallRunnerOptions;
  readonly #chains: ToolChains;

  constructor(options: CallRunnerOptions) {
    const { layers, policiesOf } = options.policies ?? OWN_POLICIES;
    this.#options = options;
    this.#chains = new ToolChains({
      layers: { ...layers, deadline: withinDeadline },
      policiesOf,
      innermost: (target) => this.#innermost(target),
    });
  }

  /** Resolves when the call is answered; never rejects. */
  async run(running: RunningCall, target: Target): Promise<void> {
    const { call } = running;
    if (call.trace) this.#beginTrace(running);
    const started = performance.now();
    try {
      const outcome = await this.#chains.of(target, call.method)(running);
      if (outcome.result === undefined) throw outcome.thrown;
      const stamped = stampResult(outcome.result, call.method, call.revision, this.#options.serverInfo);
      const runMs = performance.now() - started;
      running.end('result', JSON.stringify(stamped), runMs);
      if (outcome.failure?.kind === 'broken') this.#logFailure(call, thrownBy(outcome.result));
      this.#count(running, target, outcome.failure, runMs);
      running.trace?.end(outcome.failure?.reason);
    } catch (thrown) {
      this.#fail(running, target, thrown, performance.now() - started);
    }
  }

  /** middleware → target; each try has a context of its own. */
  #innermost(target: Target): Run {
    const { createContext, middleware } = this.#options;
    const run: Run = async (running) => {
      const { call } = running;
      try {
        const context = createContext(call, running);
        const layers = middleware();
        if (layers.length === 0) return succeeded(await target.run(call, context));
        return succeeded(await applyMiddleware(layers, call, context, () => target.run(call, context)));
      } catch (thrown) {
        return failed(thrown);
      }
    };
    return (running) => (running.trace ? traced(running, running.trace, run) : run(running));
  }

  #beginTrace(running: RunningCall): void {
    const { tracer, worker = '' } = this.#options;
    const trace = tracer && CallTrace.of(tracer, running.call, worker);
    if (trace) running.trace = trace;
  }

  #fail(running: RunningCall, target: Target, thrown: unknown, runMs: number): void {
    // Whatever an aborted tool throws tells no more than that.
    const { abortReason } = running;
    const error = abortReason ? abortedBy(abortReason, target) : toMillraceError(thrown);
    if (error.kind === 'internal_error') this.#logFailure(running.call, error.cause ?? error);
    running.end('error', JSON.stringify(error.toJsonRpc(running.call.id)), runMs);
    this.#count(running, target, failed(error).failure, runMs);
    running.trace?.end(error.kind);
  }

  #logFailure(call: Call, err: unknown): void {
    this.#options.logger.error({ err, ...callFields(call) }, 'a call failed');
  }

  #count({ call }: RunningCall, target: Target, failure: Failure | undefined, runMs: number): void {
    const figure = this.#options.figures?.of(target, call.method);
    figure?.ended(failure ? statusOf(failure) : 'ok', runMs);
  }
}

/** The tool learns of which step it is a part, so that what it calls can go on with the trace. */
async function traced(running: RunningCall, trace: CallTrace, run: Run): Promise<Outcome> {
  const step = trace.beginTry();
  running.traceparent = step.traceparent;
  const outcome = await run(running);
  step.end(outcome.failure?.reason);
  return outcome;
}

/** A tool that does not listen to its signal is not waited for. */
function withinDeadline({ target }: Chained, next: Run): Run {
  const { timeoutMs } = target;
  return (running) => {
    if (timeoutMs !== undefined) running.deadline = Math.min(running.deadline, Date.now() + timeoutMs);
    const expire = () => {
      const timeout = overdue(running);
      running.abort(timeout);
      return timeout;
    };
    return withDeadline<Outcome>(next(running), running.deadline, expire).catch(failed);
  };
}

function overdue({ call }: RunningCall): MillraceError {
  return new MillraceError('deadline_exceeded', `${call.target} was not finished by its deadline`);
}

/** A tool that was stopped half-way may have done its work: then only an idempotent one may be called again. */
function abortedBy(reason: Error, { idempotent }: Target): MillraceError {
  const error = toMillraceError(reason);
  if (idempotent || !error.retryable) return error;
  return new MillraceError(error.kind, error.message, { cause: error, retryable: false });
}
