import { hostname } from 'node:os';
import { Announcer, type Keys, type RedisSource, type WorkerRecord } from '@millrace/broker';
import type { Registry } from '@millrace/toolkit';
import { published } from './canary.ts';
import type { WorkerConfig } from './config.ts';

interface RecordedWorker {
  readonly id: string;
  readonly pools: readonly string[];
  readonly config: WorkerConfig;
  readonly registry: Registry;
}

export interface AnnouncementOptions extends RecordedWorker {
  readonly source: RedisSource;
  readonly keys: Keys;
  /** Told when an operator drains the worker, and when no more. */
  readonly onDrain: (drained: boolean) => void;
}

/** Makes a worker and what it serves known, anew whenever that changes. */
export function announcementOf(options: AnnouncementOptions): Announcer {
  const { config, registry, source, keys, onDrain } = options;
  const announcer = new Announcer({
    source,
    keys,
    times: config,
    worker: recordOf(options),
    offer: () => published(registry.offer(config.pools), config),
    onDrain,
  });
  registry.onChange(() => {
    announcer.publish().catch((error: Error) => {
      source.logger.error({ err: error }, 'the changed offer was not published');
    });
  });
  return announcer;
}

/** What a worker tells the cluster of itself with each heartbeat, beside what it serves. */
function recordOf({ id, pools, config, registry }: RecordedWorker): Omit<WorkerRecord, 'offer'> {
  const { slots, envelopeVersion: envelope, canaryWeight: weight } = config;
  return {
    id,
    pools,
    slots,
    envelope,
    startedAt: Date.now(),
    host: hostname(),
    pid: process.pid,
    ...(weight !== undefined && { weight }),
    // Asked for at each heartbeat: plugins come and go.
    get plugins() {
      return registry.plugins;
    },
  };
}
