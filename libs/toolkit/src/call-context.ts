import {
  ANONYMOUS,
  type Call,
  clientCapabilitiesOf,
  eraOf,
  isJsonObject,
  isLogged,
  type JsonObject,
  type LogLevel,
  type Principal,
} from '@millrace/protocol';
import type {
  CreateMessageRequestParams,
  CreateMessageResult,
  ElicitResult,
  ListRootsResult,
} from '@modelcontextprotocol/server';
import type { CallSink } from './call-sink.ts';
import { requireCapability } from './input/client-capabilities.ts';
import {
  type Elicitation,
  elicitation,
  type InputRequest,
  rootsList,
  sampling,
} from './input/input-request.ts';
import { Inputs } from './input/inputs.ts';
import { RequestState } from './input/request-state.ts';

type LogFunction = (data: unknown, logger?: string) => void;

/** Sends log messages to the client, for as long as the call runs. Below the client's level nothing is sent. */
export type ToolLog = Readonly<Record<LogLevel, LogFunction>>;

/** What a handler gets beside its arguments. Its members may be taken apart: `({ email }, { progress }) => …`. */
export interface CallContext {
  /** Aborted when the client cancels the call or its deadline passes. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch; nobody waits for the result after that. */
  readonly deadline: number;
  readonly requestId: string;
  readonly principal: Principal;
  /** Tells the client how far the call is; does nothing when the client did not ask for it. */
  readonly progress: (progress: number, total?: number, message?: string) => void;
  readonly log: ToolLog;
  /** Tells the client of a task how far it is; does nothing for a call that is no task. */
  readonly status: (message: string) => void;
  /** What the client says it can do, such as `{ sampling: {} }`. */
  readonly clientCapabilities: JsonObject;
  /**
   * Asks the user. The three of `elicit`, `sample` and `listRoots` have one promise for every client: clients of
   * sessions are asked while the handler waits; newer ones get the request as the result of the call and make the call
   * again, so that **the handler runs again from its start** and this time gets the answer. Do what must happen once
   * after the last answer, ask in the same order each time, and ask together (`Promise.all`) what can be asked together.
   *
   * Rejects with `missing_capability` when the client cannot do it, with a `ClientError` when it answers with an error,
   * and when the call ends first.
   */
  readonly elicit: (params: Elicitation, options?: AskOptions) => Promise<ElicitResult>;
  /** Asks the client's model; see `elicit`. */
  readonly sample: (params: CreateMessageRequestParams, options?: AskOptions) => Promise<CreateMessageResult>;
  /** Asks which folders the client works on; see `elicit`. */
  readonly listRoots: (options?: AskOptions) => Promise<ListRootsResult>;
  /** What the client has answered so far, by the keys of the requests; the client's word, to be checked. */
  readonly inputResponses: Readonly<Record<string, JsonObject>>;
  /** What the last run of the handler kept by `inputRequired({ state })`. */
  readonly state: <T>() => T | undefined;
  /** Tells all clients that subscribed to a resource that it has changed. */
  readonly resourceUpdated: (uri: string) => void;
  /**
   * Ends the client's stream for now, before a long silence; the client comes back and gets what was sent meanwhile.
   * Does nothing where a stream cannot be resumed: without a session, and since 2026-07-28.
   */
  readonly closeStream: () => void;
}

export interface AskOptions {
  /** Names the request among all of the call; `input-1`, `input-2` … in the order of asking unless given. */
  readonly key?: string;
}

/** What the contexts of all calls of a worker have in common. */
export interface ContextServices {
  readonly states: RequestState;
  /** Tells the cluster that a resource has changed. */
  readonly announce: (uri: string) => void;
}

let alone: ContextServices | undefined;

/** For a process without a cluster, such as a test. */
function servicesAlone(): ContextServices {
  alone ??= { states: new RequestState(), announce: ignore };
  return alone;
}

/** The context of one call. Makes nothing that the handler does not touch, for most handlers touch nothing. */
export function createCallContext(call: Call, sink: CallSink, services = servicesAlone()): CallContext {
  return new SinkContext(call, sink, services);
}

/** The one implementation. What goes beyond `CallContext` is for the toolkit itself. */
export class SinkContext implements CallContext {
  readonly #call: Call;
  readonly #sink: CallSink;
  readonly #services: ContextServices;
  #log: ToolLog | undefined;
  #asked = 0;
  /** Absent until somebody asks for input. */
  inputs: Inputs | undefined;

  constructor(call: Call, sink: CallSink, services: ContextServices) {
    this.#call = call;
    this.#sink = sink;
    this.#services = services;
    this.inputs = undefined;
  }

  /** Throws `invalid_params` when the call comes with a state that is not its own. */
  openInputs(): Inputs {
    this.inputs ??= new Inputs(this.#call, this.#sink, this.#services.states);
    return this.inputs;
  }

  /** Asks for a mounted server, which keeps its own account of rounds and so needs an answer while the call runs. */
  async askNow(request: InputRequest): Promise<JsonObject> {
    if (eraOf(this.#call.revision) !== 'session' && !(await this.#sink.live)) {
      throw new Error(`A client of the revision ${this.#call.revision} cannot be asked while its call runs`);
    }
    requireCapability(request, this.clientCapabilities);
    this.#asked += 1;
    return this.#sink.request(request.method, request.params, `input-${this.#asked}`);
  }

  get signal(): AbortSignal {
    return this.#sink.signal;
  }

  get deadline(): number {
    return this.#call.deadline;
  }

  get requestId(): string {
    return this.#call.id;
  }

  get principal(): Principal {
    return this.#call.principal ?? ANONYMOUS;
  }

  get progress(): CallContext['progress'] {
    const meta = this.#call.params['_meta'];
    const progressToken = isJsonObject(meta) ? meta['progressToken'] : undefined;
    if (progressToken === undefined) return ignore;
    return (progress, total, message) =>
      this.#sink.notify('notifications/progress', {
        progressToken,
        progress,
        ...(total !== undefined && { total }),
        ...(message !== undefined && { message }),
      });
  }

  get log(): ToolLog {
    this.#log ??= createLog(this.#call.logLevel, this.#sink);
    return this.#log;
  }

  get status(): CallContext['status'] {
    return (message) => this.#sink.status?.(message);
  }

  get clientCapabilities(): JsonObject {
    return clientCapabilitiesOf(this.#call);
  }

  get elicit(): CallContext['elicit'] {
    return (params, options) => this.#ask(() => elicitation(params), options) as Promise<ElicitResult>;
  }

  get sample(): CallContext['sample'] {
    return (params, options) => this.#ask(() => sampling(params), options) as Promise<CreateMessageResult>;
  }

  get listRoots(): CallContext['listRoots'] {
    return (options) => this.#ask(rootsList, options) as Promise<unknown> as Promise<ListRootsResult>;
  }

  get inputResponses(): CallContext['inputResponses'] {
    return this.openInputs().answers;
  }

  get state(): CallContext['state'] {
    return <T>() => this.openInputs().state as T | undefined;
  }

  get closeStream(): CallContext['closeStream'] {
    return () => this.#sink.pause?.();
  }

  get resourceUpdated(): CallContext['resourceUpdated'] {
    return this.#services.announce;
  }

  #ask(make: () => InputRequest, options?: AskOptions): Promise<JsonObject> {
    const answer = this.#answer(make, options);
    // A handler may end without waiting for it, which must not end the worker.
    answer.catch(ignore);
    return answer;
  }

  async #answer(make: () => InputRequest, options?: AskOptions): Promise<JsonObject> {
    return this.openInputs().ask(make(), options?.key);
  }
}

function ignore(): void {}

function createLog(threshold: LogLevel | undefined, sink: CallSink): ToolLog {
  const at = (level: LogLevel): LogFunction => {
    if (threshold === undefined || !isLogged(level, threshold)) return ignore;
    return (data, logger) =>
      sink.notify('notifications/message', { level, ...(logger !== undefined && { logger }), data });
  };
  return {
    debug: at('debug'),
    info: at('info'),
    notice: at('notice'),
    warning: at('warning'),
    error: at('error'),
    critical: at('critical'),
    alert: at('alert'),
    emergency: at('emergency'),
  };
}
