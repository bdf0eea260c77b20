import { randomBytes } from 'node:crypto';
import { disconnect, findRedis, type LocalRedis, startPrivateRedis } from '@millrace/broker';
import { ClusterProcess, type Env, type Exit } from './cluster-process.ts';
import { connectRedis, findLeftovers } from './leftovers.ts';
import { pluginPath } from './plugin-path.ts';

export interface ClusterOptions {
  readonly frontDoors?: number;
  readonly workers?: number;
  /** Modules of `test/support/plugins`; the fixture plugin unless given. */
  readonly plugins?: readonly string[];
  /** For every process. */
  readonly env?: Env;
  readonly frontDoorEnv?: Env;
  readonly workerEnv?: Env;
  /** Takes a private Redis, which the test can stop, also where `REDIS_URL` is set. */
  readonly privateRedis?: boolean;
  /** The Redis to use; whoever gives it stops it. */
  readonly redisUrl?: string;
}

/**
 * Front doors and workers as separate processes, on a Redis of their own and below a prefix of their own.
 * Resolves when all listen and every front door knows every worker.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const url = options.redisUrl ?? (options.privateRedis ? undefined : process.env['REDIS_URL']);
  const cluster = new Cluster(await findRedis({ url }), options);
  const { frontDoors = 1, workers = 1 } = options;
  await Promise.all([
    ...Array.from({ length: frontDoors }, () => cluster.startFrontDoor()),
    ...Array.from({ length: workers }, () => cluster.startWorker()),
  ]);
  await cluster.seesWorkers(workers);
  return cluster;
}

export class Cluster {
  readonly prefix = `test-${randomBytes(4).toString('hex')}`;
  readonly frontDoors: ClusterProcess[] = [];
  readonly workers: ClusterProcess[] = [];
  /** Where the front doors serve MCP. */
  readonly urls: string[] = [];
  /** Where the front doors serve their operators. */
  readonly adminUrls: string[] = [];
  readonly #options: ClusterOptions;
  #redis: LocalRedis;

  constructor(redis: LocalRedis, options: ClusterOptions) {
    this.#redis = redis;
    this.#options = options;
  }

  /** The MCP endpoint of the first front door. */
  get url(): string {
    const [url] = this.urls;
    if (url === undefined) throw new Error('the cluster has no front door');
    return url;
  }

  get redisUrl(): string {
    return this.#redis.url;
  }

  /** Starts one more front door. Resolves when it listens. */
  async startFrontDoor(env: Env = {}): Promise<ClusterProcess> {
    const frontDoor = this.spawn('front-door', env);
    const at = this.frontDoors.push(frontDoor) - 1;
    const { http, admin } = await frontDoor.listening();
    this.urls[at] = `http://127.0.0.1:${http?.port}/mcp`;
    this.adminUrls[at] = `http://127.0.0.1:${admin.port}`;
    return frontDoor;
  }

  /** Starts one more worker. Resolves when it takes work. */
  async startWorker(env: Env = {}): Promise<ClusterProcess> {
    const worker = this.spawn('worker', env);
    this.workers.push(worker);
    await worker.listening();
    return worker;
  }

  /** Starts a process with the settings of this cluster; the caller waits for what it does. */
  spawn(role: ClusterProcess['role'], env: Env = {}): ClusterProcess {
    const { plugins = ['fixture'], frontDoorEnv, workerEnv } = this.#options;
    return new ClusterProcess(role, {
      REDIS_URL: this.redisUrl,
      MILLRACE_PREFIX: this.prefix,
      MILLRACE_ADMIN_PORT: '0',
      MILLRACE_LOG_LEVEL: 'debug',
      ...this.#options.env,
      ...(role === 'worker'
        ? { MILLRACE_PLUGINS: plugins.map(pluginPath).join(','), ...workerEnv }
        : { MILLRACE_HTTP_PORT: '0', ...frontDoorEnv }),
      ...env,
    });
  }

  /** Resolves when every front door has seen that there are this many workers. */
  async seesWorkers(workers: number): Promise<void> {
    await Promise.all(this.frontDoors.map((door) => door.logs.first('the catalogue changed', { workers })));
  }

  /** Resolves when any worker has logged such a line; the fixture plugin logs what its tools do. */
  async logged(msg: string, fields: Record<string, unknown> = {}): Promise<ClusterProcess> {
    return Promise.any(
      this.workers.map(async (worker) => {
        await worker.logs.first(msg, fields);
        return worker;
      }),
    );
  }

  /** Lets what is held under this key go on, on whichever worker it runs. */
  release(key: string): void {
    for (const worker of this.workers) worker.release(key);
  }

  /** Jobs that were ever put on the queue of a pool. */
  async jobs(pool = 'default'): Promise<number> {
    const redis = await connectRedis(this.redisUrl);
    const count = await redis.get(`${this.prefix}:{${pool}}:id`);
    disconnect(redis);
    return Number(count ?? 0);
  }

  async stopRedis(): Promise<void> {
    await this.#redis.stop();
  }

  /** A new, empty Redis on the port of the one that was stopped. */
  async restartRedis(): Promise<void> {
    this.#redis = await startPrivateRedis({ port: Number(new URL(this.redisUrl).port) });
  }

  /**
   * Stops all that runs, then Redis. Throws when a process does not exit with 0, or printed a warning, or when
   * keys are left in Redis that nothing will ever remove.
   */
  async stop(): Promise<void> {
    const processes = [...this.frontDoors, ...this.workers];
    for (const one of processes) if (one.running) one.kill('SIGTERM');
    const exits = await Promise.all(processes.map((one) => one.exited));
    const leftovers = await findLeftovers(this.redisUrl, this.prefix);
    await this.#redis.stop();
    const complaints = processes.flatMap((one, at) => complaintsOf(one, exits[at]));
    if (leftovers.length > 0) complaints.push(`keys without a time to live: ${leftovers.join(', ')}`);
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
  }
}

function complaintsOf(one: ClusterProcess, exit: Exit | undefined): string[] {
  const complaints: string[] = [];
  if (!one.killed && exit?.code !== 0) {
    const fatal = one.logs.all.filter(({ level }) => level === 'fatal' || level === 'error');
    complaints.push(`a ${one.role} ended with ${JSON.stringify(exit)}: ${JSON.stringify(fatal)}`);
  }
  if (one.stderr !== '') complaints.push(`a ${one.role} printed: ${one.stderr}`);
  return complaints;
}
