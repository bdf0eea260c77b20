import type { PluginCheck } from './health-check.ts';
import type { InstalledParts, Plugin, PluginHost, PluginParts } from './plugin.ts';
import type { PluginPools } from './plugin-pools.ts';

/** A plugin from the beginning of its set-up to the end of its tear-down. */
export class Installation {
  readonly plugin: Plugin;
  readonly pools: PluginPools;
  readonly checks: PluginCheck[] = [];
  /** Settled when registration has ended, well or not. */
  readonly ended = Promise.withResolvers<void>();
  #teardown: InstalledParts['teardown'];

  constructor(plugin: Plugin, pools: PluginPools) {
    this.plugin = plugin;
    this.pools = pools;
  }

  /** Opens what the plugin needs. @returns all that it serves */
  async setUp(host: PluginHost): Promise<PluginParts> {
    const built = (await this.plugin.setup?.(host)) ?? {};
    this.#teardown = built.teardown;
    return this.partsWith(built);
  }

  /** What the plugin serves with these parts beside those that it always has. */
  partsWith(built: PluginParts): PluginParts {
    const { plugin } = this;
    return {
      tools: [...(plugin.tools ?? []), ...(built.tools ?? [])],
      resources: [...(plugin.resources ?? []), ...(built.resources ?? [])],
      resourceTemplates: [...(plugin.resourceTemplates ?? []), ...(built.resourceTemplates ?? [])],
      prompts: [...(plugin.prompts ?? []), ...(built.prompts ?? [])],
      middleware: [...(plugin.middleware ?? []), ...(built.middleware ?? [])],
    };
  }

  async tearDown(): Promise<void> {
    try {
      await this.#teardown?.();
    } catch (error) {
      throw new Error(`Plugin "${this.plugin.name}" could not be torn down`, { cause: error });
    } finally {
      await this.pools.close();
    }
  }

  /** Tears down what could not be registered. Rejects with the error, and with both when that fails too. */
  async tearDownAfter(error: unknown): Promise<never> {
    try {
      await this.tearDown();
    } catch (failure) {
      const message = `Plugin "${this.plugin.name}" could be neither registered nor torn down`;
      throw new AggregateError([error, failure], message, { cause: error });
    }
    throw error;
  }
}
