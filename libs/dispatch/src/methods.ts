import type { SessionRecord } from '@millrace/broker';
import {
  CALL_METHODS,
  type Caller,
  denialOf,
  type Era,
  isLogLevel,
  LOG_LEVELS,
  MillraceError,
  useOf,
} from '@millrace/protocol';
import type { Answer } from './answer.ts';
import type { Calls } from './calls.ts';
import type { Greeting } from './greeting.ts';
import type { InboundRequest } from './inbound.ts';
import { checkInitialize } from './initialize-params.ts';
import type { Listen } from './listen.ts';
import { LIST_METHODS, type Lists } from './lists.ts';
import type { RequestTimer } from './request-timer.ts';
import type { SessionSubscriptions } from './session-subscriptions.ts';
import type { Sessions } from './sessions.ts';

/** Answers one request, now or later. Throws, or rejects with, a `MillraceError` when it must be refused. */
export type Handler = (request: InboundRequest, answer: Answer) => void | Promise<void>;

export interface Method {
  readonly handle: Handler;
  /** The only era that knows the method; absent when both do. */
  readonly era?: Era;
}

/** What stands around handlers: passes the request on, perhaps later, and perhaps with another answer. */
export type Around = (request: InboundRequest, answer: Answer, next: Handler) => void | Promise<void>;

export interface MethodsOptions {
  readonly calls: Calls;
  readonly greeting: Greeting;
  /** The lists of the catalogue as it is now. */
  readonly lists: () => Lists;
  readonly sessions: Sessions;
  readonly subscriptions: SessionSubscriptions;
  readonly listen: Listen;
  /** Told of each request that its caller has no permission for. */
  readonly onDenied?: () => void;
  /** Stands around all handlers, such as an audit log; nothing unless given. */
  readonly around?: Around | undefined;
  /** Notes how long the answers to a method take; nobody does unless given. */
  readonly timerOf?: (method: string) => RequestTimer | undefined;
  /** Further methods, by name. */
  readonly more?: ReadonlyMap<string, Method>;
}

/** HTTP status of an unknown method in the 2026-07-28 revision. */
const NOT_FOUND = 404;

/** The handler registry of the front door: every method that is served, and who answers it. */
export class Methods {
  readonly #methods = new Map<string, Method>();
  readonly #timers = new Map<string, RequestTimer>();
  readonly #onDenied: (() => void) | undefined;
  readonly #around: Around | undefined;
  readonly #checked: Handler = (request, answer) => this.#handle(request, answer);

  constructor(options: MethodsOptions) {
    const { calls, greeting, lists, sessions, subscriptions, listen, more } = options;
    this.#onDenied = options.onDenied;
    this.#around = options.around;
    const call: Handler = (request, answer) => calls.make(request, answer);
    for (const method of CALL_METHODS) this.#methods.set(method, { handle: call });
    for (const method of LIST_METHODS) {
      this.#methods.set(method, {
        handle: ({ params, revision, caller }, answer) =>
          answer.result(lists().page(method, params['cursor'], revision, caller?.access)),
      });
    }
    this.#methods.set('server/discover', {
      era: 'modern',
      handle: (_, to) => to.result(greeting.discover()),
    });
    this.#methods.set('initialize', {
      era: 'session',
      handle: async ({ params, principal }, to) => {
        checkInitialize(params);
        const { id } = await sessions.open(params, principal);
        to.result(greeting.initialize(params), id);
      },
    });
    this.#methods.set('logging/setLevel', {
      era: 'session',
      handle: async ({ params: { level }, session }, to) => {
        if (!isLogLevel(level)) throw wrong('level', `one of ${LOG_LEVELS.join(', ')}`);
        // Without a session there is nobody to remember it for.
        if (session) await sessions.setLogLevel(session, level);
        to.result('{}');
      },
    });
    this.#methods.set('resources/subscribe', {
      era: 'session',
      handle: async (request, to) => {
        await subscriptions.add(sessionOf(request), uriOf(request));
        to.result('{}');
      },
    });
    this.#methods.set('resources/unsubscribe', {
      era: 'session',
      handle: async (request, to) => {
        await subscriptions.remove(sessionOf(request), uriOf(request));
        to.result('{}');
      },
    });
    this.#methods.set('subscriptions/listen', {
      era: 'modern',
      handle: (request, to) => listen.serve(request, to),
    });
    this.#methods.set('ping', { era: 'session', handle: (_, to) => to.result('{}') });
    for (const [name, method] of more ?? []) this.#methods.set(name, method);
    for (const name of this.#methods.keys()) {
      const timer = options.timerOf?.(name);
      if (timer) this.#timers.set(name, timer);
    }
  }

  /** Answers the request. Throws, or rejects, when its method refuses it. */
  handle(request: InboundRequest, answer: Answer): void | Promise<void> {
    return this.#around ? this.#around(request, answer, this.#checked) : this.#handle(request, answer);
  }

  #handle(request: InboundRequest, answer: Answer): void | Promise<void> {
    const method = this.#methods.get(request.method);
    if (!method || (method.era !== undefined && method.era !== request.era)) {
      const error = new MillraceError('method_not_found', `Method not found: ${request.method}`);
      answer.fail(error, request.era === 'modern' ? NOT_FOUND : 200);
      return;
    }
    const timer = this.#timers.get(request.method);
    if (timer) answer.timed?.(timer);
    if (request.caller) this.#checkUse(request, request.caller);
    return method.handle(request, answer);
  }

  /** @throws MillraceError `permission_denied` */
  #checkUse({ method, params }: InboundRequest, { access }: Caller): void {
    const use = useOf(method, params);
    const denied = use && denialOf(access, use);
    if (!denied) return;
    this.#onDenied?.();
    throw denied;
  }
}

function sessionOf({ session, method }: InboundRequest): SessionRecord {
  if (session) return session;
  throw new MillraceError('invalid_request', `${method} needs a session: send Mcp-Session-Id`);
}

function uriOf({ params: { uri } }: InboundRequest): string {
  if (typeof uri === 'string') return uri;
  throw wrong('uri', 'a string');
}

function wrong(field: string, expected: string): MillraceError {
  return new MillraceError('invalid_params', `${field}: expected ${expected}`, { details: { field } });
}
