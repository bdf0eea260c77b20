import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type McpAnswer, type McpParams, postMcp } from './mcp-post.ts';
import { type PrivateRedis, startPrivateRedis } from './private-redis.ts';
import { RedisProxy } from './redis-proxy.ts';
import { type TestEnv, type TestExit, TestProcess } from './test-process.ts';

export interface TestClusterOptions {
  /** One unless given. */
  readonly frontDoors?: number;
  /** One unless given. */
  readonly workers?: number;
  /** Modules whose default export is a plugin, as paths or `file:` URLs. */
  readonly plugins?: readonly (string | URL)[];
  /** Settings of every process, such as `{ MILLRACE_SLOTS: '4' }`. */
  readonly env?: TestEnv;
  readonly frontDoorEnv?: TestEnv;
  readonly workerEnv?: TestEnv;
  /** A Redis to use, below a prefix of the test's own; a private one is started unless given. */
  readonly redisUrl?: string;
}

/**
 * Starts front doors and workers as processes of their own. Resolves when all of them listen and every front door knows
 * every worker. Rejects, and leaves nothing running, with what the process said that did not start.
 */
export async function testCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  const { redisUrl, frontDoors = 1, workers = 1 } = options;
  const redis = redisUrl === undefined ? await startPrivateRedis() : sharedRedis(redisUrl);
  const cluster = new TestCluster(redis, options);
  try {
    await Promise.all([
      ...Array.from({ length: workers }, () => cluster.startWorker()),
      ...Array.from({ length: frontDoors }, () => cluster.startFrontDoor()),
    ]);
    await cluster.seesWorkers(workers);
    return cluster;
  } catch (error) {
    await cluster.abandon();
    throw error;
  }
}

function sharedRedis(url: string): PrivateRedis {
  return { url, stop: async () => undefined };
}

/** A whole Millrace that a test can break. Made by `testCluster`. */
export class TestCluster implements AsyncDisposable {
  /** What all names in Redis begin with. */
  readonly prefix = `test-${randomBytes(4).toString('hex')}`;
  readonly frontDoors: TestProcess[] = [];
  readonly workers: TestProcess[] = [];
  /** Where each front door serves MCP. */
  readonly urls: string[] = [];
  /** Where each front door serves its operators. */
  readonly adminUrls: string[] = [];
  /** Where each worker serves its operators. */
  readonly workerAdminUrls: string[] = [];
  readonly #redis: PrivateRedis;
  readonly #options: TestClusterOptions;

  constructor(redis: PrivateRedis, options: TestClusterOptions) {
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
  async startFrontDoor(env: TestEnv = {}): Promise<TestProcess> {
    const frontDoor = await this.#start('front-door', this.frontDoors, {
      MILLRACE_HTTP_PORT: '0',
      ...this.#options.frontDoorEnv,
      ...env,
    });
    const { http, admin } = (await frontDoor.listening()) as unknown as Record<
      'http' | 'admin',
      { port: number }
    >;
    const at = this.frontDoors.indexOf(frontDoor);
    this.urls[at] = `http://127.0.0.1:${http.port}/mcp`;
    this.adminUrls[at] = `http://127.0.0.1:${admin.port}`;
    return frontDoor;
  }

  /** Starts one more worker. Resolves when it takes work; front doors know it a moment later: see `seesWorkers`. */
  async startWorker(env: TestEnv = {}): Promise<TestProcess> {
    const { plugins = [], workerEnv } = this.#options;
    const worker = await this.#start('worker', this.workers, {
      ...(plugins.length > 0 && { MILLRACE_PLUGINS: plugins.map(pathOf).join(',') }),
      ...workerEnv,
      ...env,
    });
    const { admin } = (await worker.listening()) as unknown as { admin: { port: number } };
    this.workerAdminUrls[this.workers.indexOf(worker)] = `http://127.0.0.1:${admin.port}`;
    return worker;
  }

  /** Resolves when every front door that runs has seen, at some time, that there are this many workers. */
  async seesWorkers(workers: number): Promise<void> {
    const running = this.frontDoors.filter((door) => door.running);
    await Promise.all(running.map((door) => door.logs.first('the catalogue changed', { workers })));
  }

  /** Calls a tool through a front door. Resolves with the JSON-RPC answer, be it an error. */
  callTool(
    params: { readonly name: string; readonly arguments?: McpParams },
    frontDoor = 0,
  ): Promise<McpAnswer> {
    const url = this.urls[frontDoor];
    if (url === undefined) throw new RangeError(`the cluster has no front door ${frontDoor}`);
    return postMcp(url, 'tools/call', params);
  }

  /** Stops all that runs, then Redis. Rejects when a process does not end with 0, unless the test killed it. */
  async stop(): Promise<void> {
    const processes = [...this.frontDoors, ...this.workers];
    const exits = await Promise.all(processes.map((one) => one.stop()));
    await this.#redis.stop();
    const complaints = processes.flatMap((one, at) => complaintsOf(one, exits[at]));
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
  }

  /** Ends everything at once, and says nothing of how. */
  async abandon(): Promise<void> {
    const processes = [...this.frontDoors, ...this.workers];
    await Promise.all(
      processes.map(async (one) => {
        await one.kill();
        await one.stop();
      }),
    );
    await this.#redis.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #start(role: TestProcess['role'], among: TestProcess[], env: TestEnv): Promise<TestProcess> {
    const proxy = await RedisProxy.start(this.redisUrl);
    const started = new TestProcess(role, proxy, {
      MILLRACE_PREFIX: this.prefix,
      MILLRACE_ADMIN_PORT: '0',
      MILLRACE_LOG_LEVEL: 'debug',
      ...this.#options.env,
      ...env,
    });
    among.push(started);
    return started;
  }
}

/** The worker takes paths that begin with `/` or `.`; those of a test are relative to where it runs. */
function pathOf(plugin: string | URL): string {
  const text = String(plugin);
  return text.startsWith('file:') ? fileURLToPath(text) : resolve(text);
}

function complaintsOf(one: TestProcess, exit: TestExit | undefined): string[] {
  if (one.killed || exit?.code === 0) return [];
  const last = one.logs.all.filter(({ level }) => level === 'fatal' || level === 'error');
  return [`a ${one.role} ended with ${JSON.stringify(exit)}: ${JSON.stringify(last)} ${one.stderr}`.trim()];
}
