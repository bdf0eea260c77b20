import { Lifecycle, type Logger, type Main, type Service } from '@millrace/service';
import type { UpConfig } from './config.ts';
import { greeting } from './greeting.ts';
import { reservePort } from './port.ts';
import { Program } from './program.ts';
import { Readiness } from './readiness.ts';
import { RedisService } from './redis-service.ts';

export interface UpOptions {
  readonly config: UpConfig;
  /** Paths of the two `main.ts`, and of the plugin that a worker without any other is given. */
  readonly frontDoorMain: string;
  readonly workerMain: string;
  readonly examplePlugin: string;
  /** Passed on to the programs. */
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
  readonly print: (text: string) => void;
  /** How long all may take to be ready. */
  readonly startTimeoutMs?: number;
}

interface Ports {
  http: number;
  admin: number;
  workerAdmin: number;
}

const READY_TIMEOUT_MS = 30_000;
/** A program that does not end within its own shutdown time has this much more before it is killed. */
const KILL_AFTER_MS = 1000;

/** A whole Millrace on one machine: Redis, front door and worker; stopped in the reverse order. */
export function createUp(options: UpOptions): Main {
  const { config, logger } = options;
  const ports = { http: config.httpPort, admin: config.adminPort, workerAdmin: config.workerAdminPort };
  const redis = new RedisService(config.redisUrl, logger);
  const stopTimeoutMs = config.shutdownTimeoutMs + KILL_AFTER_MS;
  const program = (name: string, main: string, envOf: typeof workerEnv) =>
    new Program({ name, main, env: () => envOf(options, ports, redis.url), stopTimeoutMs });
  const frontDoor = program('the front door', options.frontDoorMain, frontDoorEnv);
  const worker = program('the worker', options.workerMain, workerEnv);
  const readiness = readinessOf(options, ports);
  const last = announcement(options, ports, redis);
  const services = [portCheck(config, ports), redis, frontDoor, worker, readiness, last];
  return {
    service: new Lifecycle(services),
    shutdownTimeoutMs: 2 * stopTimeoutMs + KILL_AFTER_MS,
    logger,
    failed: Promise.race([redis.failed, frontDoor.failed, worker.failed]),
  };
}

/** Before anything is started, so that a taken port is one line and not the end of a log. */
function portCheck(config: UpConfig, ports: Ports): Service {
  const { httpHost, adminHost } = config;
  return onlyStart(async () => {
    const http = { host: httpHost, port: ports.http, variable: 'MILLRACE_HTTP_PORT' };
    ports.http = await reservePort(http);
    const admin = { host: adminHost, port: ports.admin, variable: 'MILLRACE_ADMIN_PORT' };
    ports.admin = await reservePort(admin, [ports.http]);
    const workerAdmin = { host: adminHost, port: ports.workerAdmin, variable: 'MILLRACE_WORKER_ADMIN_PORT' };
    ports.workerAdmin = await reservePort(workerAdmin, [ports.http, ports.admin]);
  });
}

function readinessOf({ config, startTimeoutMs = READY_TIMEOUT_MS }: UpOptions, ports: Ports): Readiness {
  const probes = () => ({
    'the front door': readyUrl(config, ports.admin),
    'the worker': readyUrl(config, ports.workerAdmin),
  });
  return new Readiness({ probes, timeoutMs: startTimeoutMs });
}

function announcement({ config, print }: UpOptions, ports: Ports, redis: RedisService): Service {
  const base = (host: string, port: number) => `http://${reachable(host)}:${port}`;
  return onlyStart(async () => {
    print(
      greeting({
        host: config.httpHost,
        auth: config.auth.filter((method) => method !== 'none'),
        url: `${base(config.httpHost, ports.http)}/mcp`,
        frontDoorAdmin: base(config.adminHost, ports.admin),
        workerAdmin: base(config.adminHost, ports.workerAdmin),
        redis: redis.url,
      }),
    );
  });
}

function onlyStart(start: () => Promise<void>): Service {
  return { start, stop: async () => undefined };
}

function frontDoorEnv(options: UpOptions, ports: Ports, redisUrl: string): NodeJS.ProcessEnv {
  return {
    ...commonEnv(options, redisUrl),
    MILLRACE_HTTP_PORT: String(ports.http),
    MILLRACE_ADMIN_PORT: String(ports.admin),
  };
}

function workerEnv(options: UpOptions, ports: Ports, redisUrl: string): NodeJS.ProcessEnv {
  return {
    ...commonEnv(options, redisUrl),
    MILLRACE_ADMIN_PORT: String(ports.workerAdmin),
    ...(options.config.plugins === undefined && { MILLRACE_PLUGINS: options.examplePlugin }),
  };
}

function commonEnv({ env, config }: UpOptions, redisUrl: string): NodeJS.ProcessEnv {
  return { ...env, MILLRACE_LOG_PRETTY: String(config.logPretty), REDIS_URL: redisUrl };
}

function readyUrl({ adminHost }: UpConfig, port: number): string {
  return `http://${reachable(adminHost)}:${port}/readyz`;
}

/** An address that a server on `host` answers on: one that listens everywhere is reached on loopback. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
