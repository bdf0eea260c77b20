import { REDIS_SETTINGS } from '@millrace/broker';
import { CLUSTER_AUTH_SETTINGS } from '@millrace/security';
import { type ConfigSource, loadConfig } from '@millrace/service';
import { z } from 'zod';

const port = z.int().min(0).max(65_535);

/** What `millrace up` must know itself; the programs that it starts read and check the rest of their settings. */
const frontDoor = z.object({
  redisUrl: z.url({ protocol: /^rediss?$/ }).optional(),
  httpHost: z.string().min(1).default('127.0.0.1'),
  auth: CLUSTER_AUTH_SETTINGS.auth,
  httpPort: port.default(8080),
  adminHost: z.string().min(1).default('127.0.0.1'),
  adminPort: port.default(9090),
  workerAdminPort: port.optional(),
  shutdownTimeoutMs: z.int().min(1).default(30_000),
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** People read what `up` prints, so its default differs from that of the programs. */
  logPretty: z.boolean().default(true),
});

const worker = z.object({
  adminPort: port.default(9091),
  plugins: z.array(z.string().min(1)).optional(),
});

const keys = z
  .object({
    ...REDIS_SETTINGS,
    prefix: z.string().min(1).default('millrace'),
    envelopeKey: CLUSTER_AUTH_SETTINGS.envelopeKey,
    previousEnvelopeKey: CLUSTER_AUTH_SETTINGS.previousEnvelopeKey,
  })
  .refine(({ envelopeKey }) => envelopeKey !== '', {
    path: ['envelopeKey'],
    message: 'expected the secret of the cluster, which signs the records of keys',
  });

export type KeysConfig = Readonly<z.output<typeof keys>>;

/**
 * Settings of `millrace keys`: those of the cluster.
 * @throws ConfigError with one line per problem
 */
export function loadKeysConfig(env: ConfigSource['env']): KeysConfig {
  return loadConfig(keys, { env, section: 'frontDoor', ignoreUnknown: true });
}

const cluster = z.object({
  ...REDIS_SETTINGS,
  prefix: z.string().min(1).default('millrace'),
});

/**
 * Where the Redis of a cluster is.
 * @throws ConfigError with one line per problem
 */
export function loadClusterConfig(env: ConfigSource['env']): Readonly<z.output<typeof cluster>> {
  return loadConfig(cluster, { env, section: 'frontDoor', ignoreUnknown: true });
}

const envelopeKeys = z.object({
  envelopeKey: CLUSTER_AUTH_SETTINGS.envelopeKey,
  previousEnvelopeKey: CLUSTER_AUTH_SETTINGS.previousEnvelopeKey,
});

/**
 * What signs calls, where callers are authenticated; empty where they are not.
 * @throws ConfigError with one line per problem
 */
export function loadEnvelopeKeys(env: ConfigSource['env']): Readonly<z.output<typeof envelopeKeys>> {
  return loadConfig(envelopeKeys, { env, section: 'frontDoor', ignoreUnknown: true });
}

const agent = z.object({ apiKey: z.string().default('') });

/** The API key of an agent that the environment gives; undefined when it gives none. */
export function loadApiKey(env: ConfigSource['env']): string | undefined {
  return loadConfig(agent, { env: { ...env, MILLRACE_CONFIG: undefined } }).apiKey || undefined;
}

const { redisUrl: _url, ...redisAccess } = REDIS_SETTINGS;
const redisAccessSettings = z.object(redisAccess);

export type RedisAccess = Readonly<z.output<typeof redisAccessSettings>>;

/**
 * What it takes beside a URL to reach the Redis of the cluster, and to read what is sealed there.
 * @throws ConfigError with one line per problem
 */
export function loadRedisAccess(env: ConfigSource['env']): RedisAccess {
  return loadConfig(redisAccessSettings, {
    env: { ...env, REDIS_URL: undefined },
    section: 'frontDoor',
    ignoreUnknown: true,
  });
}

export interface UpConfig extends Omit<z.infer<typeof frontDoor>, 'workerAdminPort'> {
  readonly workerAdminPort: number;
  /** Undefined where neither the environment nor the file names any. */
  readonly plugins: readonly string[] | undefined;
}

/**
 * Settings of `millrace up`. Both programs have an admin port, so that of the worker has a variable of its own:
 * `MILLRACE_WORKER_ADMIN_PORT`.
 * @throws ConfigError with one line per problem
 */
export function loadUpConfig(env: ConfigSource['env']): UpConfig {
  const { workerAdminPort, ...front } = loadConfig(frontDoor, {
    env,
    section: 'frontDoor',
    ignoreUnknown: true,
  });
  const workerEnv = { MILLRACE_CONFIG: env['MILLRACE_CONFIG'], MILLRACE_PLUGINS: env['MILLRACE_PLUGINS'] };
  const { adminPort, plugins } = loadConfig(worker, {
    env: workerEnv,
    section: 'worker',
    ignoreUnknown: true,
  });
  return { ...front, workerAdminPort: workerAdminPort ?? adminPort, plugins };
}
