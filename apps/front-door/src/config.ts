import { checkRedis, REDIS_SETTINGS } from '@millrace/broker';
import { LIMIT_SETTINGS, MESSAGE_SETTINGS, SHARING_SETTINGS } from '@millrace/dispatch';
import { ENVELOPE_VERSION, OLDEST_ENVELOPE_VERSION } from '@millrace/protocol';
import {
  AUDIT_SETTINGS,
  CLUSTER_AUTH_SETTINGS,
  checkAudit,
  checkEntrance,
  ENTRANCE_SETTINGS,
} from '@millrace/security';
import { type ConfigSource, loadConfig, TRACE_SETTINGS } from '@millrace/service';
import { z } from 'zod';
import { HTTP_SETTINGS } from './http-settings.ts';

const port = z.int().min(0).max(65_535);
const ms = z.int().min(1);

const schema = z
  .object({
    ...REDIS_SETTINGS,
    /** What all names in Redis begin with. */
    prefix: z.string().min(1).default('millrace'),
    httpHost: z.string().min(1).default('127.0.0.1'),
    httpPort: port.default(8080),
    ...CLUSTER_AUTH_SETTINGS,
    ...ENTRANCE_SETTINGS,
    ...AUDIT_SETTINGS,
    adminHost: z.string().min(1).default('127.0.0.1'),
    adminPort: port.default(9090),
    /** What operators show to do something on the admin port; nothing unless given, where only this machine can ask. */
    adminToken: z
      .string()
      .regex(/^(.{16,})?$/, 'at least 16 characters')
      .default(''),
    /** How long a call may take, queue included, unless its tool says otherwise. */
    callTimeoutMs: ms.default(60_000),
    ...LIMIT_SETTINGS,
    ...SHARING_SETTINGS,
    ...MESSAGE_SETTINGS,
    ...HTTP_SETTINGS,
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
    heartbeatMs: ms.default(500),
    /** After which a silent worker or front door counts as lost. */
    workerTtlMs: ms.default(2_500),
    /** How long the tools of a pool without workers are remembered. */
    offerTtlMs: ms.default(600_000),
    /** Pools that an autoscaler may leave without workers: their calls wait for one to come. */
    sleepingPools: z.array(z.string().min(1)).default([]),
    serverName: z.string().min(1).default('millrace'),
    /** Told to clients as hints for the model. */
    instructions: z.string().min(1).optional(),
    /** Newest version of the envelope that is written and read; a lower one stands for an older release. */
    envelopeVersion: z.int().min(OLDEST_ENVELOPE_VERSION).max(ENVELOPE_VERSION).default(ENVELOPE_VERSION),
    /** How long it serves on after it said that it is not ready any more. */
    shutdownDelayMs: z.int().min(0).default(0),
    ...TRACE_SETTINGS,
    shutdownTimeoutMs: ms.default(30_000),
    logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    logPretty: z.boolean().default(false),
  })
  .refine((config) => config.maxPendingBytes >= config.maxBodyBytes, {
    path: ['maxPendingBytes'],
    message: 'at least maxBodyBytes, or the largest request could never be taken',
  })
  .refine((config) => config.requestTimeoutMs >= config.headersTimeoutMs, {
    path: ['requestTimeoutMs'],
    message: 'at least headersTimeoutMs, for headers are a part of the request',
  })
  .refine((config) => config.callTimeoutMs < 1 || config.rateLimitTimeoutMs < config.callTimeoutMs, {
    path: ['rateLimitTimeoutMs'],
    message: 'less than callTimeoutMs, or a call could spend all its time on being counted',
  })
  .refine((config) => config.cacheMaxBytes === 0 || config.cacheMaxEntryBytes <= config.cacheMaxBytes, {
    path: ['cacheMaxEntryBytes'],
    message: 'at most cacheMaxBytes, or the largest results would never be kept',
  })
  .refine((config) => config.idempotencyTtlMs >= config.callTimeoutMs, {
    path: ['idempotencyTtlMs'],
    message: 'at least callTimeoutMs, or a key would be forgotten while its call may still run',
  })
  .refine((config) => config.shutdownDelayMs < config.shutdownTimeoutMs, {
    path: ['shutdownDelayMs'],
    message: 'less than shutdownTimeoutMs, or no time would be left for calls under way',
  })
  .refine((config) => config.wsIdleMs >= 2 * config.wsHeartbeatMs, {
    path: ['wsIdleMs'],
    message: 'at least twice wsHeartbeatMs, or a WebSocket would count as dead between two pings',
  })
  .refine((config) => config.workerTtlMs >= 2 * config.heartbeatMs, {
    path: ['workerTtlMs'],
    message: 'at least twice heartbeatMs, or a worker would count as lost between two heartbeats',
  });

const checkedSchema = schema.superRefine(checkEntrance).superRefine(checkAudit).superRefine(checkRedis);

/** Settings of a front door, all times in milliseconds. */
export type FrontDoorConfig = Readonly<z.infer<typeof schema>>;

/** @throws ConfigError that names each wrong setting */
export function loadFrontDoorConfig(source: ConfigSource): FrontDoorConfig {
  return loadConfig(checkedSchema, { ...source, section: 'frontDoor' });
}
