import {
  CacheTags,
  type connectPatient,
  EventPublisher,
  type Keys,
  ResourceChanges,
  StateKey,
} from '@millrace/broker';
import type { Logger, Metrics } from '@millrace/service';
import { type PluginEnv, Registry } from '@millrace/toolkit';
import type { WorkerConfig } from './config.ts';
import { countPool } from './pool-figures.ts';
import type { RunningCalls } from './running-calls.ts';
import type { WorkerPolicies } from './worker-policies.ts';
import type { WorkerState } from './worker-state.ts';

interface Place {
  readonly config: WorkerConfig;
  readonly redis: ReturnType<typeof connectPatient>;
  readonly keys: Keys;
  readonly logger: Logger;
}

export interface WorkerRegistryOptions extends Place {
  /** Environment that is handed to the plugins. */
  readonly env: PluginEnv;
  readonly state: WorkerState;
  readonly policies: WorkerPolicies;
  readonly running: RunningCalls;
  readonly metrics: Metrics;
}

/** The registry of a worker's plugins, with what the cluster has for them. */
export function createRegistry(options: WorkerRegistryOptions): Registry {
  const { config, env, redis, keys, state, policies, running, metrics, logger } = options;
  const tags = new CacheTags(redis, keys);
  const changes = new ResourceChanges(tags, new EventPublisher(redis, keys, logger), logger);
  return new Registry({
    env,
    log: logger,
    announce: (uri) => changes.tell(uri),
    invalidate: (names) => tags.invalidate(names),
    contexts: state.contexts,
    events: state.events,
    policiesOf: (tool) => policies.of(tool),
    settled: () => running.settled(),
    canary: config.canaryWeight !== undefined,
    onPool: (pool, figures) => countPool(metrics, pool, figures),
  });
}

/** Keeps the registry signing with the secret of the fleet. */
export function stateKeyOf(registry: Registry, { config, redis, keys, logger }: Place): StateKey {
  return new StateKey({
    redis,
    keys,
    logger,
    ...(config.stateKey !== '' && { configured: config.stateKey }),
    onKey: (key) => registry.useStateKey(key),
  });
}
