import {
  Catalogue,
  type CatalogueView,
  DEFAULT_CATALOGUE_TIMES,
  Keys,
  type RedisSource,
  redisSourceOf,
} from '@millrace/broker';
import { createLogger } from '@millrace/service';
import { type Terminal, UnreachableError } from './command.ts';
import { loadClusterConfig } from './config.ts';

const REDIS_TIMEOUT_MS = 5_000;

/** The Redis of a cluster, as operators look into it. */
export interface ClusterConnection {
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly url: string;
}

/** @throws ConfigError when no Redis is named */
export function clusterConnection(env: Terminal['env']): ClusterConnection {
  const config = loadClusterConfig(env);
  // What is wrong with the connection is told once, by the command.
  const logger = createLogger({ name: 'millrace', level: 'silent' });
  return { source: redisSourceOf(config, logger), keys: new Keys(config.prefix), url: config.redisUrl };
}

/** Waits for what needs Redis. @throws UnreachableError when it is not there within 5 s */
export async function withinPatience<T>(work: Promise<T>, url: string): Promise<T> {
  const { host } = new URL(url);
  const late = Promise.withResolvers<never>();
  const error = new UnreachableError(
    `Redis at ${host} could not be reached within ${REDIS_TIMEOUT_MS / 1000} s`,
  );
  const timer = setTimeout(() => late.reject(error), REDIS_TIMEOUT_MS);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Reads what the fleet serves, once. @throws UnreachableError */
export async function readCatalogue({ source, keys, url }: ClusterConnection): Promise<CatalogueView> {
  const catalogue = new Catalogue({ source, keys, times: DEFAULT_CATALOGUE_TIMES });
  try {
    const started = catalogue.start();
    // It is given up, and stopped, when it takes too long.
    started.catch(() => undefined);
    await withinPatience(started, url);
    return catalogue.view;
  } finally {
    await catalogue.stop();
  }
}
