import { ResourcePool, type ResourcePoolFigures } from '@millrace/resilience';
import type { PluginLog, PoolOptions, PoolReport } from './plugin.ts';

/** Told of a pool's figures after each change. */
export type PoolObserver = (pool: string, figures: PoolReport) => void;

/** How long a pool that closes waits for what is lent, in milliseconds. */
const PATIENCE_MS = 5_000;

/** The resource pools of one plugin: their figures are told to the worker, and they close with the plugin. */
export class PluginPools {
  readonly #log: PluginLog;
  readonly #observe: PoolObserver | undefined;
  readonly #pools: ResourcePool<object>[] = [];

  constructor(log: PluginLog, observe?: PoolObserver) {
    this.#log = log;
    this.#observe = observe;
  }

  open<R extends object>(options: PoolOptions<R>): ResourcePool<R> {
    const { name, max } = options;
    const observe = this.#observe;
    const pool = new ResourcePool<R>({
      ...options,
      ...(observe && { onChange: (figures: ResourcePoolFigures) => observe(name, { ...figures, max }) }),
      onWarning: (message) => this.#log.warn({ pool: name }, message),
    });
    this.#pools.push(pool as unknown as ResourcePool<object>);
    return pool;
  }

  /** Closes them, the last one first. */
  async close(): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (const pool of this.#pools.splice(0).reverse()) await pool.stop(deadline);
  }
}
