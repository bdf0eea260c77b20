import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../bench/free-port.ts';
import { findLeftovers } from '../support/leftovers.ts';
import { DurableRedis } from './durable-redis.ts';
import type { FaultName } from './fault-names.ts';
import { Faults } from './faults.ts';
import { LedgerWriter, readLedger } from './ledger.ts';
import { Member } from './member.ts';
import type { Plan } from './plan.ts';
import { LEDGER_VARIABLE } from './plugin.ts';
import type { ProducerSettings } from './producer.ts';
import { Random } from './random.ts';
import { judge, type Verdict } from './verdict.ts';

export interface Outcome extends Verdict {
  readonly faultCounts: ReadonlyMap<FaultName, number>;
  /** What processes printed, or how they ended when they should not have. */
  readonly complaints: readonly string[];
}

const PRODUCER = fileURLToPath(new URL('./producer.ts', import.meta.url));
const PLUGIN = fileURLToPath(new URL('./plugin.ts', import.meta.url));
const PREFIX = 'chaos';

/** Slots of each worker: few enough that calls wait for each other now and then. */
const SLOTS = '16';

/** A cluster, its clients, what is done to it, and the ledger of it all. */
export class Chaos {
  readonly #plan: Plan;
  /** Where the ledger is. */
  readonly directory: string;
  readonly #ledger: LedgerWriter;
  readonly #redis: DurableRedis;
  readonly #workers: Member[] = [];
  readonly #frontDoors: Member[] = [];
  readonly #producers: ChildProcess[] = [];

  private constructor(plan: Plan, directory: string, redis: DurableRedis) {
    this.#plan = plan;
    this.directory = directory;
    this.#redis = redis;
    this.#ledger = new LedgerWriter(directory, 'driver');
  }

  /** Resolves when all of a run has started. */
  static async start(plan: Plan): Promise<Chaos> {
    const directory = await mkdtemp(join(tmpdir(), 'millrace-chaos-'));
    const chaos = new Chaos(plan, directory, await DurableRedis.start(directory));
    await chaos.#startCluster();
    return chaos;
  }

  /** Makes faults until the time is over, lets all calls end, and says what came of it. */
  async run(): Promise<Outcome> {
    const { seed, durationMs, faultEveryMs, callTimeoutMs } = this.#plan;
    const random = new Random(seed);
    const victims = {
      redis: this.#redis,
      workers: this.#workers,
      frontDoors: this.#frontDoors,
      poison: () => this.#poison(),
      ledger: this.#ledger,
    };
    const faults = new Faults(victims, random, this.#plan.faults);
    const end = Date.now() + durationMs;
    while (Date.now() < end) {
      await pause(random.between(0.5, 1.5) * faultEveryMs);
      faults.makeOne();
    }
    await faults.over();
    await this.#finish();
    const complaints = await this.#stop();
    const verdict = judge(readLedger(this.directory), seed, callTimeoutMs);
    return { ...verdict, faultCounts: faults.counts, complaints };
  }

  /** Ends everything at once, after a failure. */
  async abandon(): Promise<void> {
    for (const producer of this.#producers) producer.kill('SIGKILL');
    await this.#stop();
  }

  async close(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  async #startCluster(): Promise<void> {
    const { workers, frontDoors, producers } = this.#plan;
    const ports = await Promise.all(Array.from({ length: frontDoors }, () => freePort()));
    const started = await Promise.all([
      ...ports.map((port) => this.#member('front-door', this.#frontDoorEnv(port))),
      ...Array.from({ length: workers }, () => this.#member('worker', this.#workerEnv())),
    ]);
    this.#frontDoors.push(...started.slice(0, frontDoors));
    this.#workers.push(...started.slice(frontDoors));
    const urls = ports.map((port) => `http://127.0.0.1:${port}/mcp`);
    for (let index = 0; index < producers; index += 1) this.#producers.push(this.#producer(index, urls));
  }

  #member(role: Member['role'], env: Readonly<Record<string, string>>): Promise<Member> {
    return Member.start({
      role,
      redisUrl: this.#redis.url,
      env: { MILLRACE_PREFIX: PREFIX, MILLRACE_ADMIN_PORT: '0', MILLRACE_LOG_LEVEL: 'info', ...env },
      onDeath: (pid) => {
        if (role === 'worker') this.#ledger.write({ kind: 'death', pid, at: Date.now() });
      },
    });
  }

  #frontDoorEnv(port: number): Readonly<Record<string, string>> {
    const { callTimeoutMs } = this.#plan;
    return { MILLRACE_HTTP_PORT: String(port), MILLRACE_CALL_TIMEOUT_MS: String(callTimeoutMs) };
  }

  #workerEnv(): Readonly<Record<string, string>> {
    return { MILLRACE_PLUGINS: PLUGIN, MILLRACE_SLOTS: SLOTS, [LEDGER_VARIABLE]: this.directory };
  }

  #producer(index: number, urls: readonly string[]): ChildProcess {
    const { seed, agents, gapMs, callTimeoutMs } = this.#plan;
    const settings: ProducerSettings = {
      name: `p${index}`,
      era: index % 2 === 0 ? 'modern' : 'session',
      seed: seed * 1_000 + index,
      urls,
      agents,
      gapMs,
      callTimeoutMs,
      ledger: this.directory,
    };
    const env = { PATH: process.env['PATH'], CHAOS_PRODUCER: JSON.stringify(settings) };
    return fork(PRODUCER, [], { env, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  }

  #poison(): void {
    this.#producers[0]?.send('poison');
  }

  /** The producers make nothing new, and end when all that they made has come to an end. */
  async #finish(): Promise<void> {
    this.#ledger.write({ kind: 'finish', at: Date.now() });
    const ended = this.#producers.map((producer) => once(producer, 'exit'));
    for (const producer of this.#producers) producer.send('finish');
    await Promise.all(ended);
  }

  async #stop(): Promise<string[]> {
    const members = [...this.#frontDoors, ...this.#workers];
    await Promise.all(members.map((member) => member.stop()));
    const leftovers = await findLeftovers(this.#redis.url, PREFIX);
    await this.#redis.kill('SIGTERM');
    this.#ledger.close();
    const complaints = members.flatMap((member) => member.complaints);
    return leftovers.length === 0 ? complaints : [...complaints, `keys that stay: ${leftovers.join(', ')}`];
  }
}
