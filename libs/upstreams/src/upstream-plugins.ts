import type { Metrics } from '@millrace/service';
import type { Plugin } from '@millrace/toolkit';
import { OrphanGuard } from './orphan-guard.ts';
import type { UpstreamSettings } from './settings.ts';
import { Upstream } from './upstream.ts';

/** One plugin for each upstream. Nothing is started before a registry registers them. */
export function createUpstreamPlugins(
  upstreams: readonly UpstreamSettings[],
  metrics: Pick<Metrics, 'upstreamStarts' | 'upstreamLosses' | 'poolSize' | 'poolWaiting' | 'poolMax'>,
): Plugin[] {
  const guard = new OrphanGuard();
  return upstreams.map((settings) => ({
    name: `upstream:${settings.name}`,
    version: '0.0.0',
    setup: (host) => new Upstream({ settings, guard, metrics }, host).install(),
  }));
}
