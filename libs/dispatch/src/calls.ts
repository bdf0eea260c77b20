import type { AskedRequests, Dispatch, Dispatcher } from '@millrace/broker';
import {
  ANONYMOUS,
  type Call,
  type Caller,
  type CallMethod,
  callFields,
  DEFAULT_PRIORITY,
  denialOf,
  ERRORS,
  type ErrorName,
  eraOf,
  type Frame,
  type IdempotencyClaim,
  isJsonObject,
  isLogLevel,
  isTerminal,
  type LogLevel,
  META,
  type Permission,
  toMillraceError,
} from '@millrace/protocol';
import type { Logger, Tracer, TraceSpan } from '@millrace/service';
import type { AffineRoutes } from './affine-routes.ts';
import type { Answer } from './answer.ts';
import { timeLimitOf } from './call-deadline.ts';
import { CallPolicies, type CallPolicySet, type Passage } from './call-policies.ts';
import type { InboundRequest, RequestId } from './inbound.ts';
import { checkParamHeaders } from './param-headers.ts';
import { priorityOf } from './priority.ts';
import { beginTrace } from './request-traces.ts';
import { inEra, type WorkerError } from './resource-not-found.ts';
import type { Route, Router } from './router.ts';
import type { TaskCalls } from './task-calls.ts';
import { TracedAnswer } from './traced-answer.ts';

export interface CallsOptions {
  readonly dispatcher: Dispatcher;
  readonly asked: AskedRequests;
  /** Id of this front door; begins the id of each of its calls. */
  readonly frontDoor: string;
  /** The router for the catalogue as it is now. */
  readonly router: () => Router;
  readonly callTimeoutMs: number;
  /** Without it no call becomes a task. */
  readonly tasks?: TaskCalls;
  /** Finds the worker that keeps somebody's state; without it any worker of the pool is taken. */
  readonly affine?: AffineRoutes;
  /** Absent where nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** Told why a call has no route. */
  readonly onUnrouted?: (thrown: unknown) => void;
  /** Told of each call that its caller has no permission for. */
  readonly onDenied?: () => void;
  /** Without any, every call goes straight to its pool. */
  readonly policies?: CallPolicySet;
  readonly logger: Logger;
}

/** What a session that set no level gets to hear. */
const SESSION_LOG_LEVEL: LogLevel = 'info';

/** Turns requests into calls for the workers, and the frames that come back into answers. */
export class Calls {
  readonly #options: CallsOptions;
  /** Calls of sessions by session and request, since their clients cancel by request id, on any replica. */
  readonly #ofSessions = new Map<string, string>();
  readonly #policies: CallPolicies;
  #count = 0;

  constructor(options: CallsOptions) {
    this.#options = options;
    this.#policies = new CallPolicies(options.policies ?? {}, (passage) => this.#send(passage));
  }

  /** Throws, or rejects with, a `MillraceError` when the call cannot be routed, or not be made as its tool wants it. */
  make(request: InboundRequest, answer: Answer): void | Promise<void> {
    const route = this.#route(request);
    checkHeaders(request, route);
    if (route.permissions && request.caller)
      this.#checkPermissions(route.target, route.permissions, request.caller);
    const pass = this.#policies.of(route);
    const { tracer } = this.#options;
    const span = tracer && beginTrace(tracer, request, route);
    if (span)
      return this.#makeTraced({ request, route, answer: new TracedAnswer(answer, span), trace: span }, span);
    const passage: Passage = { request, route, answer };
    return pass ? pass(passage) : this.#send(passage);
  }

  async #makeTraced(passage: Passage, span: TraceSpan): Promise<void> {
    try {
      await (this.#policies.of(passage.route) ?? ((to: Passage) => this.#send(to)))(passage);
    } catch (thrown) {
      span.end(toMillraceError(thrown).kind);
      throw thrown;
    }
  }

  #route({ method, params, era }: InboundRequest): Route {
    try {
      return this.#options.router().route(method as CallMethod, params, era);
    } catch (thrown) {
      this.#options.onUnrouted?.(thrown);
      throw thrown;
    }
  }

  #send(passage: Passage): void | Promise<void> {
    const { request, route } = passage;
    const { affine } = this.#options;
    if (route.affinity === undefined || !affine) return this.#dispatch(passage);
    return affine.resolve(request, route).then((found) => this.#dispatch({ ...passage, route: found }));
  }

  #dispatch({ request, route, answer, idempotency, trace }: Passage): void | Promise<void> {
    const priority = priorityOf(request, route);
    const call = this.#call(request, route, idempotency, trace);
    const own = request.session && keyOf(request.session.id, request.id);
    if (own !== undefined) {
      this.#ofSessions.set(own, call.id);
      answer.belongsTo?.(call);
    }
    const dispatch: Dispatch = {
      call,
      pool: route.pool,
      idempotent: route.idempotent,
      bytes: request.bytes,
      sharedBy: route.policies?.batch?.maxSize,
      ...(priority !== DEFAULT_PRIORITY && { priority }),
      listener: (frame) => {
        if (own !== undefined && isTerminal(frame)) this.#ofSessions.delete(own);
        if (route.affinity !== undefined) this.#forgetLostState(frame, call, route.affinity);
        this.#deliver(frame, call, answer);
      },
    };
    const begun = route.task && this.#options.tasks?.begin(request, route.task, dispatch, answer);
    if (begun) return begun;
    answer.onGone(() => this.#cancel(call.id, own));
    this.#options.dispatcher.dispatch(dispatch);
  }

  /** @throws MillraceError `permission_denied` when one of what the tool wants is not held */
  #checkPermissions(name: string, wanted: readonly Permission[], { access }: Caller): void {
    for (const permission of wanted) {
      const denied = denialOf(access, { kind: 'tool', name }, permission);
      if (!denied) continue;
      this.#options.onDenied?.();
      throw denied;
    }
  }

  /** Stops a call that the client of a session cancelled, if it is one of this front door. */
  cancelRequest(session: string, request: RequestId): void {
    const own = keyOf(session, request);
    const call = this.#ofSessions.get(own);
    if (call !== undefined) this.#cancel(call, own);
  }

  #forgetLostState(frame: Frame, call: Call, affinity: string): void {
    if (frame.kind !== 'error') return;
    const { data } = JSON.parse(frame.payload) as WorkerError;
    if (data?.name === 'state_lost' || data?.name === 'upstream_unavailable')
      this.#options.affine?.forget(call, affinity);
  }

  #cancel(call: string, own: string | undefined): void {
    if (own !== undefined) this.#ofSessions.delete(own);
    this.#options.dispatcher.cancel(call);
  }

  #call(request: InboundRequest, route: Route, idempotency?: IdempotencyClaim, trace?: TraceSpan): Call {
    const { callTimeoutMs, frontDoor } = this.#options;
    this.#count += 1;
    const { principal } = request;
    const logLevel = logLevelOf(request);
    return {
      id: `${frontDoor}.${this.#count.toString(36)}`,
      method: request.method as CallMethod,
      target: route.target,
      params: request.params,
      revision: request.revision,
      deadline: Date.now() + timeLimitOf(route, callTimeoutMs),
      ...(logLevel !== undefined && { logLevel }),
      ...(idempotency && { idempotency }),
      ...(trace && { trace: { parent: trace.traceparent, sentAt: Date.now() } }),
      ...(principal !== ANONYMOUS && { principal }),
      ...(request.session && { session: request.session.id, capabilities: request.session.capabilities }),
    };
  }

  #deliver(frame: Frame, call: Call, answer: Answer): void {
    if (frame.kind === 'result') answer.result(frame.payload);
    else if (frame.kind === 'notification') answer.notification(frame.payload);
    else if (frame.kind === 'request') void this.#ask(frame.payload, call, answer);
    else if (frame.kind === 'pause') answer.pause();
    else deliverError(frame.payload, call, answer);
  }

  /** Passes a request on to the client; first it is noted who was asked, for only they may answer. */
  async #ask(payload: string, call: Call, answer: Answer): Promise<void> {
    const { session, deadline } = call;
    const { id } = JSON.parse(payload) as { id: string };
    try {
      if (session !== undefined) await this.#options.asked.ask(id, session, deadline);
      answer.serverRequest(payload);
    } catch (error) {
      // The tool then gets no answer, which its deadline ends.
      this.#options.logger.warn(
        { err: error, asked: id, ...callFields(call) },
        'a request was not put to its client',
      );
    }
  }
}

/** Only 2026-07-28 has headers that repeat arguments, and only over HTTP. */
function checkHeaders({ era, headers, params }: InboundRequest, { paramHeaders }: Route): void {
  if (paramHeaders && headers && era === 'modern') {
    checkParamHeaders(paramHeaders, headers, params['arguments']);
  }
}

function keyOf(session: string, request: RequestId): string {
  return `${session} ${JSON.stringify(request)}`;
}

/** Since 2026-07-28 each request says itself what it wants to hear; before, the session does. */
export function logLevelOf({ params, session }: InboundRequest): LogLevel | undefined {
  if (session) return session.logLevel ?? SESSION_LOG_LEVEL;
  const meta = params['_meta'];
  const level = isJsonObject(meta) ? meta[META.logLevel] : undefined;
  return isLogLevel(level) ? level : undefined;
}

/** Statuses that the specification, or the state of the cluster, gives to errors of workers. */
const TELLING = new Set<ErrorName>([
  'broker_unavailable',
  'overloaded',
  'outcome_unknown',
  'shutting_down',
  'missing_capability',
]);

/** Most errors ride in a 200 answer. */
export function deliverError(payload: string, { revision }: Pick<Call, 'revision'>, answer: Answer): void {
  const error = JSON.parse(payload) as WorkerError;
  const { code, data } = error;
  const name = code === ERRORS.missing_capability.code ? 'missing_capability' : data?.name;
  const kind = name !== undefined && TELLING.has(name) ? ERRORS[name] : undefined;
  const status = kind && 'status' in kind ? kind.status : 200;
  const told = inEra(error, eraOf(revision));
  const text = told === error ? payload : JSON.stringify(told);
  answer.error(status, text, status === 503 ? data?.retryAfterMs : undefined);
}
