import { type Call, MillraceError, type Offer } from '@millrace/protocol';
import { type CallContext, type ContextServices, createCallContext } from './call-context.ts';
import type { CallSink } from './call-sink.ts';
import { RequestState } from './input/request-state.ts';
import type { Middleware } from './middleware.ts';
import type { InstalledParts, Plugin, PluginEnv, PluginHost, PluginLog, PluginParts } from './plugin.ts';
import { RegistryIndex } from './registry-index.ts';
import { type ServedParts, serveParts } from './served-parts.ts';
import type { Target } from './target.ts';

export interface RegistryOptions {
  /** Handed to the set-up of every plugin; empty unless given. */
  readonly env?: PluginEnv;
  /** Handed to the set-up of every plugin; silent unless given. */
  readonly log?: PluginLog;
  /** Secret of the fleet that signs what calls keep between their rounds; one of this process alone unless given. */
  readonly stateKey?: string;
  /** Tells the cluster that a resource has changed; nobody is told unless given. */
  readonly announce?: (uri: string) => void;
}

const SILENT: PluginLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A plugin from the beginning of its set-up to the end of its registration. */
interface Installation {
  readonly plugin: Plugin;
  /** Settled when registration has ended, well or not. */
  readonly ended: PromiseWithResolvers<void>;
  teardown: InstalledParts['teardown'];
}

/** The plugins of one worker, and the way from a call to what answers it. */
export class Registry {
  readonly #env: PluginEnv;
  readonly #log: PluginLog;
  /** By name, also those whose set-up still runs. */
  readonly #installations = new Map<string, Installation>();
  #served: ReadonlyMap<string, ServedParts> = new Map();
  #index = new RegistryIndex(new Map());
  readonly #listeners = new Set<() => void>();
  readonly #announce: (uri: string) => void;
  #services: ContextServices;
  #closed = false;

  constructor({ env = {}, log = SILENT, stateKey, announce = () => {} }: RegistryOptions = {}) {
    this.#env = env;
    this.#log = log;
    this.#announce = announce;
    this.#services = { announce, states: new RequestState(stateKey === undefined ? {} : { key: stateKey }) };
  }

  /** Signs with another secret from now on; what was signed with the last one is not accepted any more. */
  useStateKey(key: string): void {
    this.#services = { ...this.#services, states: new RequestState({ key }) };
  }

  /** The context for one run of a call's target. */
  createContext(call: Call, sink: CallSink): CallContext {
    return createCallContext(call, sink, this.#services);
  }

  /**
   * Runs the set-up of a plugin and serves its parts. Rejects when the plugin or a name of it is there already, when a
   * part cannot be served, or when set-up fails; then nothing of it stays, and what set-up opened is torn down.
   */
  async register(plugin: Plugin): Promise<void> {
    const { name } = plugin;
    const known = this.#installations.get(name)?.plugin;
    if (known) {
      throw new Error(
        `Plugin "${name}" ${plugin.version} cannot be registered: "${name}" ${known.version} is there already`,
      );
    }
    const installation: Installation = { plugin, ended: Promise.withResolvers(), teardown: undefined };
    this.#installations.set(name, installation);
    try {
      await this.#install(installation);
    } catch (error) {
      this.#installations.delete(name);
      await this.#tearDownAfter(error, installation);
    } finally {
      installation.ended.resolve();
    }
  }

  /** Takes a plugin out, then tears down what it holds. Rejects when there is no such plugin or tear-down fails. */
  async unregister(name: string): Promise<void> {
    const installation = this.#installations.get(name);
    if (!installation || !this.#served.has(name)) throw new Error(`Plugin "${name}" is not registered`);
    const others = new Map(this.#served);
    others.delete(name);
    this.#installations.delete(name);
    this.#publish(others);
    await tearDown(installation);
  }

  /** What a worker that serves these pools publishes, sorted by name or URI. */
  offer(pools: readonly string[]): Offer {
    return this.#index.offer(pools);
  }

  /** What answers a call, or undefined: `unknownTarget` is the error for the client then. */
  find(call: Pick<Call, 'method' | 'target' | 'params'>): Target | undefined {
    return this.#index.find(call);
  }

  /** The middleware of all plugins, the outermost first. The same array until something changes. */
  middleware(): readonly Middleware[] {
    return this.#index.middleware;
  }

  /** Calls the listener after each change. @returns a function that ends that */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Unregisters all plugins, the last one first, and takes no more. Goes on when a tear-down fails, and rejects in
   * the end.
   */
  async close(): Promise<void> {
    this.#closed = true;
    const failures: unknown[] = [];
    for (const name of [...this.#served.keys()].reverse()) {
      await this.unregister(name).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Some plugins could not be torn down');
  }

  async #install(installation: Installation): Promise<void> {
    const { plugin } = installation;
    const built = (await plugin.setup?.(this.#createHost(installation))) ?? {};
    installation.teardown = built.teardown;
    await this.#serve(installation, built);
  }

  #createHost(installation: Installation): PluginHost {
    const { name } = installation.plugin;
    return {
      env: this.#env,
      log: this.#log,
      replace: async (parts) => {
        await installation.ended.promise;
        if (this.#installations.get(name) === installation) await this.#serve(installation, parts);
      },
      resourceUpdated: this.#announce,
    };
  }

  async #serve(installation: Installation, built: PluginParts): Promise<void> {
    const { plugin } = installation;
    const parts = await serveParts(mergeParts(plugin, built));
    if (this.#closed) throw new Error(`Plugin "${plugin.name}" cannot be registered: the registry is closed`);
    if (this.#installations.get(plugin.name) === installation)
      this.#publish(new Map(this.#served).set(plugin.name, parts));
  }

  #publish(served: ReadonlyMap<string, ServedParts>): void {
    this.#index = new RegistryIndex(served);
    this.#served = served;
    for (const listener of [...this.#listeners]) this.#tell(listener);
  }

  #tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#log.error({ error }, 'A listener for changes of the registry failed');
    }
  }

  async #tearDownAfter(error: unknown, installation: Installation): Promise<never> {
    try {
      await tearDown(installation);
    } catch (failure) {
      const message = `Plugin "${installation.plugin.name}" could be neither registered nor torn down`;
      throw new AggregateError([error, failure], message, { cause: error });
    }
    throw error;
  }
}

async function tearDown({ plugin, teardown }: Installation): Promise<void> {
  try {
    await teardown?.();
  } catch (error) {
    throw new Error(`Plugin "${plugin.name}" could not be torn down`, { cause: error });
  }
}

function mergeParts(fixed: PluginParts, built: PluginParts): PluginParts {
  return {
    tools: [...(fixed.tools ?? []), ...(built.tools ?? [])],
    resources: [...(fixed.resources ?? []), ...(built.resources ?? [])],
    resourceTemplates: [...(fixed.resourceTemplates ?? []), ...(built.resourceTemplates ?? [])],
    prompts: [...(fixed.prompts ?? []), ...(built.prompts ?? [])],
    middleware: [...(fixed.middleware ?? []), ...(built.middleware ?? [])],
  };
}

/** The error for a call that nothing answers. */
export function unknownTarget({ method, target }: Pick<Call, 'method' | 'target'>): MillraceError {
  switch (method) {
    case 'tools/call':
      return new MillraceError('unknown_tool', `Unknown tool: ${target}`);
    case 'prompts/get':
      return new MillraceError('unknown_prompt', `Unknown prompt: ${target}`);
    case 'resources/read':
      return new MillraceError('resource_not_found', `Resource not found: ${target}`, {
        details: { uri: target },
      });
    case 'completion/complete':
      return new MillraceError('invalid_params', `Invalid completion request: ref: there is no "${target}"`);
  }
}
