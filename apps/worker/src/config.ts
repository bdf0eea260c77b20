import { ENVELOPE_VERSION, OLDEST_ENVELOPE_VERSION } from '@millrace/protocol';
import { type ConfigSource, loadConfig } from '@millrace/service';
import { z } from 'zod';

const port = z.int().min(0).max(65_535);
const ms = z.int().min(1);

const schema = z
  .object({
    redisUrl: z.url({ protocol: /^rediss?$/ }),
    /** What all names in Redis begin with. */
    prefix: z.string().min(1).default('millrace'),
    /** Pools that this worker serves. */
    pools: z
      .array(z.string().regex(/^[\w.-]+$/, 'a name of letters, digits, ".", "_" and "-"'))
      .min(1)
      .default(['default']),
    /** Paths or package names of modules whose default export is a plugin. */
    plugins: z.array(z.string().min(1)).default([]),
    /** Paths or package names of modules whose default export is a middleware; they wrap those of the plugins. */
    middleware: z.array(z.string().min(1)).default([]),
    /** Calls that run at the same time. */
    slots: z.int().min(1).max(10_000).default(64),
    /** How long a silent worker keeps its batches before others take them. */
    lockMs: ms.default(5_000),
    heartbeatMs: ms.default(1_000),
    /** After which a silent worker counts as lost. */
    workerTtlMs: ms.default(3_000),
    /** How long the tools of a pool without workers are remembered. */
    offerTtlMs: ms.default(600_000),
    /** Secret that signs what calls keep between their rounds; when empty, the workers agree on one in Redis. */
    stateKey: z
      .string()
      .regex(/^(.{32,})?$/, 'at least 32 characters')
      .default(''),
    serverName: z.string().min(1).default('millrace'),
    adminHost: z.string().min(1).default('127.0.0.1'),
    adminPort: port.default(9091),
    /** Newest version of the envelope that is written and read; a lower one stands for an older release. */
    envelopeVersion: z.int().min(OLDEST_ENVELOPE_VERSION).max(ENVELOPE_VERSION).default(ENVELOPE_VERSION),
    shutdownTimeoutMs: ms.default(30_000),
    logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    logPretty: z.boolean().default(false),
  })
  .refine((config) => config.workerTtlMs >= 2 * config.heartbeatMs, {
    path: ['workerTtlMs'],
    message: 'at least twice heartbeatMs, or a worker would count as lost between two heartbeats',
  });

/** Settings of a worker, all times in milliseconds. */
export type WorkerConfig = Readonly<z.infer<typeof schema>>;

/** @throws ConfigError that names each wrong setting */
export function loadWorkerConfig(source: ConfigSource): WorkerConfig {
  return loadConfig(schema, { ...source, section: 'worker' });
}
