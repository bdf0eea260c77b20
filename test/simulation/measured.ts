import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BenchProcess } from '../bench/bench-process.ts';
import type { BrokerLoad } from '../bench/broker-loop.ts';
import type { Measured as BenchMeasured } from '../bench/recorder.ts';
import { connectRedis } from '../support/leftovers.ts';
import { LocalCluster } from './local-cluster.ts';
import type { Bucket } from './service-times.ts';
import { type Histogram, readHistogram, serviceTimesOf } from './worker-histogram.ts';

const FILE = join(import.meta.dirname, 'measured.json');

/** What the model is fed with. */
export interface Measured {
  /** Calls for each second of processor time of one Redis, which has one thread. */
  readonly redisCallsPerSecond: number;
  readonly meanMs: number;
  /** How long the tool ran; bounds in seconds, without that of infinity. */
  readonly buckets: readonly Bucket[];
}

export function readMeasured(): Measured {
  return JSON.parse(readFileSync(FILE, 'utf8'));
}

export function keepMeasured(measured: Measured): void {
  writeFileSync(FILE, `${JSON.stringify(measured)}\n`);
}

/** Service times of workers that run elsewhere, for `--worker`. */
export async function measuredAt(adminUrls: readonly string[], tool: string): Promise<Measured> {
  return { ...readMeasured(), ...serviceOf(await readHistogram(adminUrls, tool)) };
}

/** Starts a small cluster and reads from it how long a tool takes, and what a call costs Redis. */
export async function measure(): Promise<Measured> {
  const local = await LocalCluster.start(64);
  try {
    const run = await local.during('errand', () => local.allAtOnce('errand', 500));
    return { redisCallsPerSecond: Math.round(await redisRate(local)), ...serviceOf(run) };
  } finally {
    await local.stop();
  }
}

function serviceOf(histogram: Histogram): Pick<Measured, 'meanMs' | 'buckets'> {
  const { meanMs } = serviceTimesOf(histogram);
  return {
    meanMs,
    buckets: histogram.buckets.filter(({ upTo }) => Number.isFinite(upTo)).concat(last(histogram)),
  };
}

/** Calls above the highest bound count as twice that: the file has no infinity. */
function last({ buckets, calls }: Histogram): Bucket[] {
  const highest = buckets.filter(({ upTo }) => Number.isFinite(upTo)).at(-1);
  return highest && highest.calls < calls ? [{ upTo: highest.upTo * 2, calls }] : [];
}

/** How many calls one processor second of Redis carries: not how many this machine, which is shared, gets done. */
async function redisRate(local: LocalCluster): Promise<number> {
  const { redisUrl, prefix } = local.cluster;
  const producer = await BenchProcess.start<BrokerLoad, BenchMeasured>('subjects/millrace-producer.ts', {
    redisUrl,
    prefix,
  });
  const redis = await connectRedis(redisUrl);
  try {
    await producer.ask({ inFlight: 200, warmUpMs: 1_500, windowMs: 200 });
    const before = cpuSeconds(await redis.info('cpu'));
    const seen = await local.during('echo', () =>
      producer.ask({ inFlight: 200, warmUpMs: 0, windowMs: 3_000 }),
    );
    return seen.calls / (cpuSeconds(await redis.info('cpu')) - before);
  } finally {
    redis.disconnect();
    await producer.stop();
  }
}

function cpuSeconds(info: string): number {
  const of = (name: string) => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1]);
  return of('used_cpu_user') + of('used_cpu_sys');
}
