import {
  ANONYMOUS,
  type Call,
  clientCapabilitiesOf,
  eraOf,
  isJsonObject,
  type JsonObject,
  type Principal,
} from '@millrace/protocol';
import { ContextManager, type KeptState, MemoryStateStore } from '@millrace/state';
import type {
  CreateMessageRequestParams,
  CreateMessageResult,
  ElicitResult,
  ListRootsResult,
} from '@modelcontextprotocol/server';
import type { CallSink } from './call-sink.ts';
import { type GatheredTool, runAlone } from './gathered-tool.ts';
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
import { createLog, type ToolLog } from './tool-log.ts';

/** What a handler gets beside its arguments. Its members may be taken apart: `({ email }, { progress }) => …`. */
export interface CallContext {
  /** Aborted when the client cancels the call or its deadline passes. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch; nobody waits for the result after that. */
  readonly deadline: number;
  readonly requestId: string;
  /**
   * What to send along with what the handler calls in its turn, as the header `traceparent`, so that it is part of the
   * trace of the call; undefined when neither the cluster nor the client traces it.
   */
  readonly traceparent: string | undefined;
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
  /**
   * What the tool keeps across calls, by tenant and tool: of the session of the call where it has one, else of the handle
   * that an earlier call gave out. With neither it begins anew, and its `handle` is what the client has to bring back.
   * Throws a `StateError` for a handle that is unknown or somebody else's.
   */
  readonly store: (options?: StoreOptions) => KeptState;
  /** Tells all clients that subscribed to a resource that it has changed. */
  readonly resourceUpdated: (uri: string) => void;
  /**
   * Makes cached results with any of these tags count no more, everywhere within a second. Resolves when none of them
   * is read from Redis any more; await it before the call ends, so that whoever made the call reads what it changed.
   */
  readonly invalidate: (tags: readonly string[]) => Promise<void>;
  /**
   * Ends the client's stream for now, before a long silence; the client comes back and gets what was sent meanwhile.
   * Does nothing where a stream cannot be resumed: without a session, and since 2026-07-28.
   */
  readonly closeStream: () => void;
}

export interface StoreOptions {
  /** As the client brought it back; it wins over the session. */
  readonly handle?: string | undefined;
  /** Names what several tools share; unless given, a tool shares what it keeps with no other. */
  readonly namespace?: string;
}

export interface AskOptions {
  /** Names the request among all of the call; `input-1`, `input-2` … in the order of asking unless given. */
  readonly key?: string;
}

/** What the contexts of all calls of a worker have in common. */
export interface ContextServices {
  readonly states: RequestState;
  /** What tools keep across calls. */
  readonly contexts: ContextManager;
  /** Tells the cluster that a resource has changed. */
  readonly announce: (uri: string) => void;
  /** Invalidates cached results by their tags. */
  readonly invalidate: (tags: readonly string[]) => Promise<void>;
}

let alone: ContextServices | undefined;

/** For a process without a cluster, such as a test. */
function servicesAlone(): ContextServices {
  alone ??= {
    states: new RequestState(),
    contexts: new ContextManager({ store: new MemoryStateStore() }),
    announce: ignore,
    invalidate: async () => undefined,
  };
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

  /** Runs the call together with others of its tool, or alone where nobody gathers them. */
  gather(tool: GatheredTool, item: unknown): Promise<unknown> {
    return this.#sink.gather?.(tool, item) ?? runAlone(tool, item);
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

  get traceparent(): string | undefined {
    if (this.#sink.traceparent !== undefined) return this.#sink.traceparent;
    const meta = this.#call.params['_meta'];
    const own = isJsonObject(meta) ? meta['traceparent'] : undefined;
    return typeof own === 'string' ? own : undefined;
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

  get store(): CallContext['store'] {
    return ({ handle, namespace } = {}) => {
      const { method, target, session } = this.#call;
      const { id: principal, tenant } = this.principal;
      return this.#services.contexts.open({
        tenant,
        principal,
        namespace: namespace === undefined ? `${method}:${target}` : `shared:${namespace}`,
        session,
        handle,
      });
    };
  }

  get closeStream(): CallContext['closeStream'] {
    return () => this.#sink.pause?.();
  }

  get resourceUpdated(): CallContext['resourceUpdated'] {
    return this.#services.announce;
  }

  get invalidate(): CallContext['invalidate'] {
    return this.#services.invalidate;
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
