import type { Logger, Metrics } from '@millrace/service';
import type { Registry } from '@millrace/toolkit';
import { createUpstreamPlugins, type UpstreamSettings } from '@millrace/upstreams';

export interface HostedUpstreams {
  readonly upstreams: readonly UpstreamSettings[];
  readonly registry: Registry;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Serves existing MCP servers. One that cannot be served is logged, and does not keep the worker from the rest. */
export async function registerUpstreams({
  upstreams,
  registry,
  metrics,
  logger,
}: HostedUpstreams): Promise<void> {
  const registering = createUpstreamPlugins(upstreams, metrics).map(async (plugin) => {
    try {
      await registry.register(plugin);
    } catch (error) {
      logger.error({ err: error, plugin: plugin.name }, 'an upstream is not served');
    }
  });
  await Promise.all(registering);
}

/** Whether sessions have processes of their own: then the worker that keeps them needs a queue of its own. */
export function keepState(upstreams: readonly UpstreamSettings[]): boolean {
  return upstreams.some(({ affinity }) => affinity === 'session');
}
