import { setTimeout as pause } from 'node:timers/promises';
import { type Cluster, startCluster } from '../support/cluster.ts';
import type { ClusterProcess, Exit } from '../support/cluster-process.ts';
import { Balancer } from './balancer.ts';
import { RetryingClient } from './retrying-client.ts';

export interface RollingFigures {
  readonly calls: number;
  /** Calls that a client could not bring to an end, though it tried again whenever it may. */
  readonly rolling_restart_failed: number;
  /** Calls without any answer. */
  readonly rolling_restart_lost: number;
  /** Executions beyond the first of calls that must not run twice. */
  readonly rolling_restart_repeated: number;
  readonly processes: number;
}

export interface RollingOutcome {
  readonly figures: RollingFigures;
  /** Of the processes that were replaced. */
  readonly exits: readonly Exit[];
  /** Why calls failed. */
  readonly reasons: readonly string[];
}

export interface RollingPlan {
  readonly frontDoors: number;
  readonly workers: number;
  readonly clients: number;
  /** Between two replacements, in milliseconds. */
  readonly pauseMs: number;
}

/** How long a front door serves on when it is not ready any more: longer than the balancer takes to see it. */
const SHUTDOWN_DELAY_MS = '400';

/** Replaces every process of a cluster, one after the other, while clients call without a pause. */
export async function rollingRestart(plan: RollingPlan): Promise<RollingOutcome> {
  const { frontDoors, workers, clients: count, pauseMs } = plan;
  const cluster = await startCluster({
    frontDoors,
    workers,
    plugins: ['counting'],
    env: { MILLRACE_LOG_LEVEL: 'info' },
    frontDoorEnv: { MILLRACE_SHUTDOWN_DELAY_MS: SHUTDOWN_DELAY_MS, MILLRACE_LOG_LEVEL: 'debug' },
  });
  const balancer = new Balancer();
  for (const [at, url] of cluster.urls.entries()) await balancer.add(url, cluster.adminUrls[at] ?? '');
  const clients = Array.from({ length: count }, (_, at) => new RetryingClient(`c${at}`, balancer));
  const running = Promise.all(clients.map((client) => client.run()));
  const exits: Exit[] = [];
  for (const old of [...cluster.workers]) {
    await pause(pauseMs);
    exits.push(await replaceWorker(cluster, old));
  }
  for (const old of [...cluster.frontDoors]) {
    await pause(pauseMs);
    exits.push(await replaceFrontDoor(cluster, old, balancer));
  }
  await pause(pauseMs);
  for (const client of clients) client.stop();
  await running;
  balancer.stop();
  await cluster.stop();
  const figures = figuresOf(clients, cluster, exits.length);
  return { figures, exits, reasons: clients.flatMap(({ reasons }) => reasons) };
}

/** The new one first, as an orchestrator does. */
async function replaceWorker(cluster: Cluster, old: ClusterProcess): Promise<Exit> {
  await cluster.startWorker();
  return old.kill('SIGTERM');
}

async function replaceFrontDoor(cluster: Cluster, old: ClusterProcess, balancer: Balancer): Promise<Exit> {
  await cluster.startFrontDoor();
  await balancer.add(cluster.urls.at(-1) ?? '', cluster.adminUrls.at(-1) ?? '');
  return old.kill('SIGTERM');
}

function figuresOf(clients: readonly RetryingClient[], cluster: Cluster, processes: number): RollingFigures {
  const ends = clients.flatMap((client) => client.ends);
  const executed = new Map<unknown, number>();
  for (const { msg, key } of cluster.workers.flatMap(({ logs }) => logs.all)) {
    if (msg === 'executed') executed.set(key, (executed.get(key) ?? 0) + 1);
  }
  const books = clients.flatMap(({ keys }) => keys.filter((_, at) => at % 2 === 0));
  return {
    calls: ends.length,
    rolling_restart_failed: ends.filter((end) => end === 'failed').length,
    rolling_restart_lost: ends.filter((end) => end === 'lost').length,
    rolling_restart_repeated: books.filter((key) => (executed.get(key) ?? 0) > 1).length,
    processes,
  };
}
