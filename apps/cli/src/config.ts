import { type ConfigSource, loadConfig } from '@millrace/service';
import { z } from 'zod';

const port = z.int().min(0).max(65_535);

/** What `millrace up` must know itself; the programs that it starts read and check the rest of their settings. */
const frontDoor = z.object({
  redisUrl: z.url({ protocol: /^rediss?$/ }).optional(),
  httpHost: z.string().min(1).default('127.0.0.1'),
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
