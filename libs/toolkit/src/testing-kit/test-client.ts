import {
  type Call,
  type CallMethod,
  type JsonObject,
  type LogLevel,
  MillraceError,
  NEWEST_SESSION_REVISION,
  type Principal,
  toMillraceError,
} from '@millrace/protocol';
import { withDeadline } from '@millrace/resilience';
import { applyMiddleware } from '../middleware.ts';
import type { Plugin, PluginEnv, PluginLog } from '../plugin.ts';
import { Registry, unknownTarget } from '../registry.ts';
import type { Target } from '../target.ts';
import { type AnswerClient, type SentNotification, TestSink } from './test-sink.ts';

export interface TestClientOptions {
  /** Environment that the plugins are given; empty unless given. */
  readonly env?: PluginEnv;
  /** Log that the plugins are given; silent unless given. */
  readonly log?: PluginLog;
  /** Answers what tools ask their client; a tool that asks fails unless given. */
  readonly answer?: AnswerClient;
  /** Who calls; nobody in particular unless given. */
  readonly principal?: Principal;
  /** Session of all calls, which tools may keep something for. */
  readonly session?: string;
  /** What the client wants to hear of a tool's log; everything unless given. */
  readonly logLevel?: LogLevel;
  /** How long a call may take, in milliseconds; 10 s unless given. A tool's own `timeoutMs` counts too. */
  readonly timeoutMs?: number;
}

export interface TestCallOptions {
  /** Cancels the call. */
  readonly signal?: AbortSignal;
}

/** A result of a tool, in the form of the revision 2025-11-25. */
export interface TestToolResult extends JsonObject {
  readonly content: readonly (JsonObject & { readonly type: string; readonly text?: string })[];
  readonly structuredContent?: JsonObject;
  readonly isError?: boolean;
}

const TIMEOUT_MS = 10_000;
const CAPABILITIES: JsonObject = { elicitation: { form: {}, url: {} }, sampling: { tools: {} }, roots: {} };

/**
 * Serves plugins in this process and calls them: schemas, middleware, progress, cancellation and questions to the
 * client work as in a worker. What stands around a call in a cluster (retry, breaker, cache …) does not.
 *
 * Rejects when a plugin cannot be registered, with what a worker would say.
 */
export async function testClient(
  plugins: Plugin | readonly Plugin[],
  options: TestClientOptions = {},
): Promise<TestClient> {
  const { env = {}, log } = options;
  const registry = new Registry({ env, ...(log && { log }) });
  try {
    for (const plugin of [plugins].flat() as Plugin[]) await registry.register(plugin);
  } catch (error) {
    await registry.close();
    throw error;
  }
  return new TestClient(registry, options);
}

/** Calls what plugins serve, under the names that the official client has for it. Made by `testClient`. */
export class TestClient implements AsyncDisposable {
  /** What tools have sent to the client so far: progress and log messages. */
  readonly notifications: SentNotification[] = [];
  readonly #registry: Registry;
  readonly #options: TestClientOptions;
  #count = 0;

  constructor(registry: Registry, options: TestClientOptions) {
    this.#registry = registry;
    this.#options = options;
  }

  /** Rejects with a `MillraceError` for what a client would get as a JSON-RPC error. */
  callTool(
    params: { readonly name: string; readonly arguments?: JsonObject },
    options: TestCallOptions = {},
  ): Promise<TestToolResult> {
    return this.#call('tools/call', params.name, params, options) as Promise<TestToolResult>;
  }

  readResource(params: { readonly uri: string }, options: TestCallOptions = {}): Promise<JsonObject> {
    return this.#call('resources/read', params.uri, params, options);
  }

  getPrompt(
    params: { readonly name: string; readonly arguments?: Readonly<Record<string, string>> },
    options: TestCallOptions = {},
  ): Promise<JsonObject> {
    return this.#call('prompts/get', params.name, params, options);
  }

  /** Suggests values for an argument of a prompt or a variable of a resource template. */
  complete(
    params: {
      readonly ref: JsonObject & { readonly name?: string; readonly uri?: string };
      readonly argument: JsonObject;
    },
    options: TestCallOptions = {},
  ): Promise<JsonObject> {
    const { name = '', uri = name } = params.ref;
    return this.#call('completion/complete', uri, params, options);
  }

  /** Definitions of all tools, whatever their pool. */
  async listTools(): Promise<{ readonly tools: readonly JsonObject[] }> {
    return { tools: this.#offer().tools.map(({ definition }) => definition) };
  }

  async listResources(): Promise<{ readonly resources: readonly JsonObject[] }> {
    return { resources: this.#offer().resources.map(({ definition }) => definition) };
  }

  async listResourceTemplates(): Promise<{ readonly resourceTemplates: readonly JsonObject[] }> {
    return { resourceTemplates: this.#offer().resourceTemplates.map(({ definition }) => definition) };
  }

  async listPrompts(): Promise<{ readonly prompts: readonly JsonObject[] }> {
    return { prompts: this.#offer().prompts.map(({ definition }) => definition) };
  }

  /** Tears the plugins down. Rejects when that fails. */
  close(): Promise<void> {
    return this.#registry.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #offer() {
    return this.#registry.offer();
  }

  async #call(
    method: CallMethod,
    target: string,
    params: JsonObject,
    { signal }: TestCallOptions,
  ): Promise<JsonObject> {
    const call = this.#newCall(method, target, params);
    const found = this.#registry.find(call);
    if (!found) throw unknownTarget(call);
    try {
      return await this.#run(call, found, signal);
    } catch (thrown) {
      if (signal?.aborted)
        throw new MillraceError('cancelled', 'The call was cancelled', { cause: signal.reason });
      throw toMillraceError(thrown);
    }
  }

  async #run(call: Call, target: Target, signal: AbortSignal | undefined): Promise<JsonObject> {
    const { answer } = this.#options;
    const ending = new AbortController();
    const both = signal ? AbortSignal.any([signal, ending.signal]) : ending.signal;
    const context = this.#registry.createContext(call, new TestSink(both, this.notifications, answer));
    const run = () => target.run(call, context);
    const result = applyMiddleware(this.#registry.middleware(), call, context, run);
    return withDeadline(result, call.deadline, () => {
      const overdue = new MillraceError(
        'deadline_exceeded',
        `${call.target} was not finished by its deadline`,
      );
      ending.abort(overdue);
      return overdue;
    });
  }

  #newCall(method: CallMethod, target: string, params: JsonObject): Call {
    const { principal, session = 'test-session', logLevel = 'debug', timeoutMs = TIMEOUT_MS } = this.#options;
    this.#count += 1;
    const id = `test.${this.#count}`;
    const found = this.#registry.find({ method, target, params });
    return {
      id,
      method,
      target,
      params: { ...params, _meta: { progressToken: id, ...(params['_meta'] as JsonObject | undefined) } },
      revision: NEWEST_SESSION_REVISION,
      deadline: Date.now() + Math.min(timeoutMs, found?.timeoutMs ?? timeoutMs),
      session,
      capabilities: CAPABILITIES,
      logLevel,
      ...(principal && { principal }),
    };
  }
}
