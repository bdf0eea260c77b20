import { checkRedis, REDIS_SETTINGS } from '@millrace/broker';
import { ENVELOPE_VERSION, OLDEST_ENVELOPE_VERSION } from '@millrace/protocol';
import { CLUSTER_AUTH_SETTINGS, checkClusterAuth } from '@millrace/security';
import { type ConfigSource, loadConfig, TRACE_SETTINGS } from '@millrace/service';
import { z } from 'zod';
import { policySettingsSchema } from './policy-settings.ts';
import { checkStateSettings, STATE_SETTINGS } from './state-settings.ts';

const port = z.int().min(0).max(65_535);
const ms = z.int().min(1);

const schema = z
  .object({
    ...REDIS_SETTINGS,
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
    /** Existing MCP servers to host, by name; see `UpstreamInput`. `readUpstreams` checks them. */
    upstreams: z.record(z.string(), z.unknown()).default({}),
    /** What is switched on for tools and pools beside what their definitions say. */
    policies: policySettingsSchema.prefault({}),
    /** Calls that run at the same time. */
    slots: z.int().min(1).max(10_000).default(64),
    /** Share of the calls of its pools that this worker and others like it get, in percent: it is a canary. */
    canaryWeight: z.int().min(0).max(100).optional(),
    /** Takes in a plugin anew whenever a file beside it changes; for development. */
    watch: z.boolean().default(false),
    /** How long a silent worker keeps its batches before others take them. */
    lockMs: ms.default(2_000),
    /** Workers that a call may kill before it is given up. */
    maxDeaths: z.int().min(1).max(100).default(3),
    heartbeatMs: ms.default(500),
    /** After which a silent worker or front door counts as lost. */
    workerTtlMs: ms.default(2_500),
    /** How long the tools of a pool without workers are remembered. */
    offerTtlMs: ms.default(600_000),
    /** Secret that signs what calls keep between their rounds; when empty, the workers agree on one in Redis. */
    stateKey: z
      .string()
      .regex(/^(.{32,})?$/, 'at least 32 characters')
      .default(''),
    ...STATE_SETTINGS,
    ...CLUSTER_AUTH_SETTINGS,
    serverName: z.string().min(1).default('millrace'),
    adminHost: z.string().min(1).default('127.0.0.1'),
    adminPort: port.default(9091),
    /** Newest version of the envelope that is written and read; a lower one stands for an older release. */
    envelopeVersion: z.int().min(OLDEST_ENVELOPE_VERSION).max(ENVELOPE_VERSION).default(ENVELOPE_VERSION),
    ...TRACE_SETTINGS,
    shutdownTimeoutMs: ms.default(30_000),
    logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    logPretty: z.boolean().default(false),
  })
  .refine((config) => config.workerTtlMs >= 2 * config.heartbeatMs, {
    path: ['workerTtlMs'],
    message: 'at least twice heartbeatMs, or a worker would count as lost between two heartbeats',
  });

const checkedSchema = schema
  .superRefine(checkClusterAuth)
  .superRefine(checkRedis)
  .superRefine(checkStateSettings);

/** Settings of a worker, all times in milliseconds. */
export type WorkerConfig = Readonly<z.infer<typeof schema>>;

/** @throws ConfigError that names each wrong setting */
export function loadWorkerConfig(source: ConfigSource): WorkerConfig {
  return loadConfig(checkedSchema, { ...source, section: 'worker' });
}
