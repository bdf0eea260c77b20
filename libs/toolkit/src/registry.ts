import { type Call, MillraceError, type Offer } from '@millrace/protocol';
import {
  ContextManager,
  type EventLog,
  EventStore,
  type EventStoreOptions,
  MemoryEventLog,
  MemoryStateStore,
} from '@millrace/state';
import { type CallContext, type ContextServices, createCallContext } from './call-context.ts';
import type { CallSink } from './call-sink.ts';
import type { PluginCheck } from './health-check.ts';
import { RequestState } from './input/request-state.ts';
import { Installation } from './installation.ts';
import type { Middleware } from './middleware.ts';
import type { Plugin, PluginEnv, PluginHost, PluginLog, PluginParts } from './plugin.ts';
import { PluginPools, type PoolObserver } from './plugin-pools.ts';
import { RegistryIndex } from './registry-index.ts';
import { type PoliciesOf, type ServedParts, serveParts } from './served-parts.ts';
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
  /** Invalidates cached results by their tags; nothing is cached unless given. */
  readonly invalidate?: (tags: readonly string[]) => Promise<void>;
  /** What tools keep across calls; in this process alone unless given. */
  readonly contexts?: ContextManager;
  /** Where the event stores of plugins are kept; in this process alone unless given. */
  readonly events?: EventLog;
  /** Told of the resource pools of plugins after each change; nobody is told unless given. */
  readonly onPool?: PoolObserver;
  /** What configuration makes of a tool's policies; unless given, its own count. */
  readonly policiesOf?: PoliciesOf;
  /** Resolves when the calls that run at that moment have ended: only then a plugin is torn down. At once unless given. */
  readonly settled?: () => Promise<void>;
  /** Whether the worker is a canary; see `canaryPoolOf`. */
  readonly canary?: boolean;
}

const SILENT: PluginLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The plugins of one worker, and the way from a call to what answers it. */
export class Registry {
  readonly #env: PluginEnv;
  readonly #log: PluginLog;
  /** By name, also those whose set-up still runs. */
  readonly #installations = new Map<string, Installation>();
  #served: ReadonlyMap<string, ServedParts> = new Map();
  #index = new RegistryIndex(new Map());
  readonly #listeners = new Set<() => void>();
  readonly #policiesOf: PoliciesOf;
  readonly #onPool: PoolObserver | undefined;
  readonly #settled: () => Promise<void>;
  readonly #canary: boolean;
  readonly #events: EventLog;
  #services: ContextServices;
  #closed = false;

  constructor(options: RegistryOptions = {}) {
    const { env = {}, log = SILENT, stateKey, announce = () => {} } = options;
    const { policiesOf = (tool) => tool.policies, invalidate = async () => undefined } = options;
    this.#env = env;
    this.#log = log;
    this.#policiesOf = policiesOf;
    this.#onPool = options.onPool;
    this.#settled = options.settled ?? (async () => undefined);
    this.#canary = options.canary ?? false;
    const states = new RequestState({
      canary: this.#canary,
      ...(stateKey !== undefined && { key: stateKey }),
    });
    this.#events = options.events ?? new MemoryEventLog();
    const contexts = options.contexts ?? new ContextManager({ store: new MemoryStateStore() });
    this.#services = { announce, invalidate, states, contexts };
  }

  /** Signs with another secret from now on; what was signed with the last one is not accepted any more. */
  useStateKey(key: string): void {
    const contexts = this.#services.contexts.withKey(key);
    this.#services = { ...this.#services, states: new RequestState({ key, canary: this.#canary }), contexts };
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
    const installation = this.#newInstallation(plugin);
    this.#installations.set(name, installation);
    try {
      await this.#serve(installation, await installation.setUp(this.#createHost(installation)));
    } catch (error) {
      this.#installations.delete(name);
      await installation.tearDownAfter(error);
    } finally {
      installation.ended.resolve();
    }
  }

  /**
   * Takes a new version of a plugin in and lets go of the one before, between two calls: what both serve is served at any
   * time, and calls end on the version that they began on. Rejects, and changes nothing, when the new one cannot be
   * registered; rejects too when the old one, which is gone by then, cannot be torn down.
   */
  async replace(plugin: Plugin): Promise<void> {
    const { name } = plugin;
    const old = this.#installations.get(name);
    if (!old) return this.register(plugin);
    await old.ended.promise;
    const installation = this.#newInstallation(plugin);
    try {
      const built = await installation.setUp(this.#createHost(installation));
      const parts = await serveParts(built, this.#policiesOf);
      this.#checkReplaced(old, plugin);
      this.#publish(new Map(this.#served).set(name, parts), installation);
    } catch (error) {
      await installation.tearDownAfter(error);
    } finally {
      installation.ended.resolve();
    }
    await this.#letGo(old);
  }

  /** Names and versions of the plugins that are served, as `name@1.0.0`, sorted. */
  get plugins(): readonly string[] {
    const served = [...this.#served.keys()].map((name) => this.#installations.get(name)?.plugin);
    const names = served.filter((plugin) => plugin !== undefined);
    return names.map(({ name, version }) => `${name}@${version}`).sort();
  }

  /**
   * Takes a plugin out, then, when the calls that run have ended, tears down what it holds. Rejects when there is no such
   * plugin or tear-down fails.
   */
  async unregister(name: string): Promise<void> {
    const installation = this.#installations.get(name);
    if (!installation || !this.#served.has(name)) throw new Error(`Plugin "${name}" is not registered`);
    const others = new Map(this.#served);
    others.delete(name);
    this.#installations.delete(name);
    this.#publish(others);
    await this.#letGo(installation);
  }

  /** What a worker that serves these pools, or all, publishes, sorted by name or URI. */
  offer(pools?: readonly string[]): Offer {
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

  /** What plugins say must work, as `<plugin>/<check>`. */
  checks(): readonly PluginCheck[] {
    return [...this.#installations].flatMap(([plugin, { checks }]) =>
      checks.map((check) => ({
        name: `${plugin}/${check.name}`,
        optional: check.optional ?? false,
        run: () => check.run(),
      })),
    );
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

  #newInstallation(plugin: Plugin): Installation {
    return new Installation(plugin, new PluginPools(this.#log, this.#onPool));
  }

  #checkReplaced(old: Installation, { name, version }: Plugin): void {
    if (!this.#closed && this.#installations.get(name) === old) return;
    throw new Error(`Plugin "${name}" ${version} was not taken in: the one that it replaces is gone`);
  }

  /** Calls that run may still use what the plugin holds. */
  async #letGo(installation: Installation): Promise<void> {
    await this.#settled();
    await installation.tearDown();
  }

  #createHost(installation: Installation): PluginHost {
    const { name } = installation.plugin;
    return {
      env: this.#env,
      log: this.#log,
      replace: async (parts) => {
        await installation.ended.promise;
        if (this.#installations.get(name) === installation)
          await this.#serve(installation, installation.partsWith(parts));
      },
      resourceUpdated: this.#services.announce,
      invalidate: this.#services.invalidate,
      openPool: (options) => installation.pools.open(options),
      openEvents: (options) => this.#openEvents(options),
      reportPool: (pool, report) => this.#onPool?.(pool, report),
      addCheck: (check) => void installation.checks.push(check),
    };
  }

  #openEvents<State>(options: EventStoreOptions<State>): EventStore<State> {
    const onWarning = (error: unknown) =>
      this.#log.warn({ err: error, events: options.name }, 'a snapshot was not made');
    return new EventStore(options, { log: this.#events, onWarning });
  }

  async #serve(installation: Installation, all: PluginParts): Promise<void> {
    const { plugin } = installation;
    const parts = await serveParts(all, this.#policiesOf);
    if (this.#closed) throw new Error(`Plugin "${plugin.name}" cannot be registered: the registry is closed`);
    if (this.#installations.get(plugin.name) === installation)
      this.#publish(new Map(this.#served).set(plugin.name, parts));
  }

  /** @param replacing what takes the place of another of its name */
  #publish(served: ReadonlyMap<string, ServedParts>, replacing?: Installation): void {
    this.#index = new RegistryIndex(served);
    this.#served = served;
    if (replacing) this.#installations.set(replacing.plugin.name, replacing);
    for (const listener of [...this.#listeners]) this.#tell(listener);
  }

  #tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#log.error({ error }, 'A listener for changes of the registry failed');
    }
  }
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
