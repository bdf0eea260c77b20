import { setTimeout as pause } from 'node:timers/promises';
import { disconnect } from '@millrace/broker';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { connectRedis, findLeftovers } from '../support/leftovers.ts';
import { MemoryLog } from './memory-log.ts';
import { SoakClient } from './soak-client.ts';

export interface SoakPlan {
  readonly durationMs: number;
  /** How long the full load is measured, of which half is made then. */
  readonly measureMs: number;
  readonly clients: number;
}

export interface SoakFigures {
  readonly minutes: number;
  readonly calls: number;
  readonly calls_per_s: number;
  readonly failed: number;
  /** Keys in Redis at the end that nothing will ever remove. */
  readonly keys_left: number;
  /** Keys in Redis, from the second quarter to the end; those that expire go up and down with the load. */
  readonly keys_growth: number;
  /** Resident memory at the end over that of the second quarter; of the process that grew most. */
  readonly memory_growth: number;
  readonly memory_mb: Readonly<Record<string, number>>;
}

export interface SoakOutcome {
  readonly figures: SoakFigures;
  /** The first things that went wrong. */
  readonly failures: readonly string[];
}

const SAMPLES = 60;
const WORKERS = 2;

/** Puts half of the load that it can bear on a cluster for a long time, and tells what has grown. */
export async function soak({ durationMs, measureMs, clients: count }: SoakPlan): Promise<SoakOutcome> {
  const cluster = await startCluster({
    frontDoors: 2,
    workers: WORKERS,
    plugins: ['quiet'],
    privateRedis: true,
  });
  await hush(cluster);
  const clients = Array.from(
    { length: count },
    (_, at) => new SoakClient(cluster.urls[at % cluster.urls.length] ?? '', `c${at}`),
  );
  await runFor(clients, 0, measureMs);
  const full = sum(clients) / measureMs;
  const before = sum(clients);
  const watch = new Watch(cluster);
  const running = runFor(clients, (2 * count) / full, durationMs);
  await watch.look(durationMs);
  await running;
  const failures = clients.flatMap((client) => client.failures);
  const outcome = await watch.outcome(sum(clients) - before, failures, durationMs);
  await cluster.stop();
  return outcome;
}

async function runFor(clients: readonly SoakClient[], gapMs: number, durationMs: number): Promise<void> {
  const running = Promise.all(clients.map((client) => client.run(gapMs)));
  await pause(durationMs);
  for (const client of clients) client.stop();
  await running;
}

function sum(clients: readonly SoakClient[]): number {
  return clients.reduce((total, { calls }) => total + calls, 0);
}

/** What processes log by the call would fill the memory of the one that watches them. */
async function hush(cluster: Cluster): Promise<void> {
  const ports = await Promise.all([...cluster.workers, ...cluster.frontDoors].map((one) => one.listening()));
  for (const { admin } of ports) {
    await fetch(`http://127.0.0.1:${admin.port}/log-level`, { method: 'PUT', body: 'error' });
  }
}

/** Looks at the memory of all processes, and at the keys in Redis. */
class Watch {
  readonly #cluster: Cluster;
  readonly #memory: MemoryLog;
  readonly #keys: number[] = [];

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    const named = (name: string, processes: readonly { readonly pid: number }[]) =>
      processes.map(({ pid }, at) => [`${name} ${at + 1}`, pid] as const);
    this.#memory = new MemoryLog(
      new Map([...named('front door', cluster.frontDoors), ...named('worker', cluster.workers)]),
    );
  }

  async look(durationMs: number): Promise<void> {
    const redis = await connectRedis(this.#cluster.redisUrl);
    for (let n = 0; n < SAMPLES; n += 1) {
      await pause(durationMs / SAMPLES);
      this.#memory.sample();
      this.#keys.push(await redis.dbsize());
    }
    disconnect(redis);
  }

  async outcome(calls: number, failures: readonly string[], durationMs: number): Promise<SoakOutcome> {
    const { redisUrl, prefix } = this.#cluster;
    const left = await findLeftovers(redisUrl, prefix);
    const growth = [...this.#memory.growth()];
    const quarter = SAMPLES / 4;
    const figures: SoakFigures = {
      minutes: durationMs / 60_000,
      calls,
      calls_per_s: Math.round((calls / durationMs) * 1_000),
      failed: failures.length,
      keys_left: left.length,
      keys_growth: ratio(Math.max(...this.#keys.slice(quarter, 2 * quarter)), this.#keys.at(-1) ?? 0),
      memory_growth: Math.max(...growth.map(([, { fromMb, toMb }]) => ratio(fromMb, toMb))),
      memory_mb: Object.fromEntries(growth.map(([name, { toMb }]) => [name, Math.round(toMb)])),
    };
    return { figures, failures: [...failures.slice(0, 10), ...left] };
  }
}

function ratio(from: number, to: number): number {
  return Math.round((to / from) * 100) / 100;
}

/** What a run of an hour has to reach. In a short one caches are still filling, and garbage lies around. */
export const BARS = {
  failed: 0,
  keys_left: 0,
  keys_growth: 1.5,
  memory_growth: 1.15,
} as const satisfies Partial<Record<keyof SoakFigures, number>>;

/** What is wrong with the figures, by the bars. */
export function missedBars(figures: SoakFigures): string[] {
  return Object.entries(BARS)
    .filter(([name, most]) => figures[name as keyof typeof BARS] > most)
    .map(([name, most]) => `${name} is ${figures[name as keyof typeof BARS]}, and may be ${most} at most`);
}
