import type { Logger, Metrics } from '@millrace/service';
import type { Registry } from '@millrace/toolkit';
import type { UpstreamSettings } from '@millrace/upstreams';

export interface HostedUpstreams {
  readonly upstreams: readonly UpstreamSettings[];
  readonly registry: Registry;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Reads what is configured. What hosts servers brings an MCP client with it: only who hosts some loads it. */
export async function loadUpstreams(
  upstreams: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly UpstreamSettings[]> {
  if (Object.keys(upstreams).length === 0) return [];
  const { readUpstreams } = await import('@millrace/upstreams');
  return readUpstreams(upstreams, env);
}

/** Serves existing MCP servers. One that cannot be served is logged, and does not keep the worker from the rest. */
export async function registerUpstreams({
  upstreams,
  registry,
  metrics,
  logger,
}: HostedUpstreams): Promise<void> {
  if (upstreams.length === 0) return;
  const { createUpstreamPlugins } = await import('@millrace/upstreams');
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
