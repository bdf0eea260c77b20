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
    httpHost: z.string().min(1).default('127.0.0.1'),
    httpPort: port.default(8080),
    adminHost: z.string().min(1).default('127.0.0.1'),
    adminPort: port.default(9090),
    /** How long a call may take, queue included, unless its tool says otherwise. */
    callTimeoutMs: ms.default(60_000),
    maxBodyBytes: z
      .int()
      .min(1)
      .default(4 * 1024 * 1024),
    /** Entries on one page of a list. */
    pageSize: z.int().min(1).max(100_000).default(1_000),
    /** Between two comments that keep a silent stream open. */
    keepAliveMs: ms.default(15_000),
    /** How long a session of the 2025 era lives unused. */
    sessionIdleMs: ms.default(1_800_000),
    /** Streams of `subscriptions/listen` that may be open on one front door. */
    maxListenStreams: z.int().min(0).default(10_000),
    /** Host names to serve besides the local ones; when it does not listen on loopback: the only ones, or any. */
    allowedHosts: z.array(z.string().min(1)).default([]),
    /** How long a task may take, unless its tool says otherwise, and then how long its outcome is kept. */
    taskTtlMs: ms.default(3_600_000),
    /** How often clients are told to ask for a task. */
    taskPollMs: ms.default(1_000),
    /** How often a task is tried whose failures say that another try may help. */
    taskAttempts: z.int().min(1).max(100).default(3),
    /** Before the second attempt of a task; doubled for each further one. */
    taskBackoffMs: ms.default(1_000),
    /** Between two pings on each WebSocket. */
    wsHeartbeatMs: ms.default(30_000),
    /** A WebSocket without a sign of life, or without session and requests, is closed after that. */
    wsIdleMs: ms.default(60_000),
    /** Bytes that may wait on one WebSocket for a client that reads slowly. */
    wsMaxBufferBytes: z
      .int()
      .min(1)
      .default(16 * 1024 * 1024),
    heartbeatMs: ms.default(1_000),
    /** After which a silent worker counts as lost. */
    workerTtlMs: ms.default(3_000),
    /** How long the tools of a pool without workers are remembered. */
    offerTtlMs: ms.default(600_000),
    serverName: z.string().min(1).default('millrace'),
    /** Told to clients as hints for the model. */
    instructions: z.string().min(1).optional(),
    /** Newest version of the envelope that is written and read; a lower one stands for an older release. */
    envelopeVersion: z.int().min(OLDEST_ENVELOPE_VERSION).max(ENVELOPE_VERSION).default(ENVELOPE_VERSION),
    shutdownTimeoutMs: ms.default(30_000),
    logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    logPretty: z.boolean().default(false),
  })
  .refine((config) => config.wsIdleMs >= 2 * config.wsHeartbeatMs, {
    path: ['wsIdleMs'],
    message: 'at least twice wsHeartbeatMs, or a WebSocket would count as dead between two pings',
  })
  .refine((config) => config.workerTtlMs >= 2 * config.heartbeatMs, {
    path: ['workerTtlMs'],
    message: 'at least twice heartbeatMs, or a worker would count as lost between two heartbeats',
  });

/** Settings of a front door, all times in milliseconds. */
export type FrontDoorConfig = Readonly<z.infer<typeof schema>>;

/** @throws ConfigError that names each wrong setting */
export function loadFrontDoorConfig(source: ConfigSource): FrontDoorConfig {
  return loadConfig(schema, { ...source, section: 'frontDoor' });
}
