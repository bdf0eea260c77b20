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
  /** Tells all clients that subscribed to a resource that it has changed; handlers have it in their context. */
  resourceUpdated(uri: string): void;
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
