import type { ResourcePool, ResourcePoolFigures, ResourcePoolOptions } from '@millrace/resilience';
import type { EventStore, EventStoreOptions } from '@millrace/state';
import type { PluginCheck } from './health-check.ts';
import type { Middleware, OrderedMiddleware } from './middleware.ts';
import type { PromptTarget, ResourceTarget, ResourceTemplateTarget, ToolTarget } from './target.ts';

/** What a plugin serves. */
export interface PluginParts {
  readonly tools?: readonly ToolTarget[];
  readonly resources?: readonly ResourceTarget[];
  readonly resourceTemplates?: readonly ResourceTemplateTarget[];
  readonly prompts?: readonly PromptTarget[];
  readonly middleware?: readonly (Middleware | OrderedMiddleware)[];
}

/** Parts that were built by set-up, and how to give back what they hold. */
export interface InstalledParts extends PluginParts {
  /** Called once, when the plugin is unregistered and nothing of it can be found any more. */
  readonly teardown?: () => void | Promise<void>;
}

/** Structured log of the worker itself, not of a client. Pino loggers fit. */
export interface PluginLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type PluginEnv = Readonly<Record<string, string | undefined>>;

/** What a plugin says of a pool; the rest is the worker's business. */
export type PoolOptions<R extends object> = Omit<ResourcePoolOptions<R>, 'onChange' | 'onWarning'>;

/** How a pool stands at this moment. */
export interface PoolReport extends ResourcePoolFigures {
  /** Resources that it may have at most. */
  readonly max: number;
}

/** What the worker gives a plugin at its set-up. */
export interface PluginHost {
  /** The worker's environment variables; plugins never read `process.env`. */
  readonly env: PluginEnv;
  readonly log: PluginLog;
  /**
   * Replaces all parts that set-up returned, once it is done: not to be awaited during set-up. Rejects, and changes
   * nothing, when they cannot be served; does nothing when the plugin is gone.
   */
  replace(parts: PluginParts): Promise<void>;
  /** Opens a pool of what is costly to open and cannot be shared. It is closed after the plugin's own tear-down. */
  openPool<R extends object>(options: PoolOptions<R>): ResourcePool<R>;
  /** Tells how a pool stands that the plugin has opened by other means; for the figures of the worker. */
  reportPool(name: string, report: PoolReport): void;
  /** Adds a check to the health report of the worker, as `<plugin>/<name>`, for as long as the plugin is there. */
  addCheck(check: PluginCheck): void;
  /** Opens the histories of things of one kind, where the worker keeps events; see `docs/state.md`. */
  openEvents<State>(options: EventStoreOptions<State>): EventStore<State>;
  /** Tells all clients that subscribed to a resource that it has changed; handlers have it in their context. */
  resourceUpdated(uri: string): void;
  /** Makes cached results with any of these tags count no more; handlers have it in their context. */
  invalidate(tags: readonly string[]): Promise<void>;
}

/** A named set of tools, resources and prompts that a worker can take in and let go of. */
export interface Plugin extends PluginParts {
  readonly name: string;
  readonly version: string;
  /** Opens what the plugin needs and builds the parts that use it: handlers close over it, fully typed. */
  readonly setup?: (host: PluginHost) => InstalledParts | Promise<InstalledParts>;
}

/** Declares a plugin. Nothing runs until a registry registers it. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}
