import { NODE_FLAGS } from '@millrace/service';
import { AppProcess } from '../app-process.ts';
import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import type { BrokerLoad } from '../broker-loop.ts';
import type { Timing } from '../closed-loop.ts';
import type { Measured } from '../recorder.ts';
import { compare } from '../rounds.ts';

const IN_FLIGHT = 200;

/** Of 25, 50, 100 and 200 the concurrency with which BullMQ was fastest, by a third over 200. */
const JOB_CONCURRENCY = 100;

/** Four ways from one producer process through Redis to one worker process and back, without HTTP. */
export async function compareBrokers(bench: Bench): Promise<void> {
  const { stage, redisUrl } = bench;
  const producer = async (file: string, config: object, flags?: readonly string[]) => {
    const started = await stage.enter(() =>
      BenchProcess.start<BrokerLoad, Measured>(`subjects/${file}`, { redisUrl, ...config }, flags),
    );
    return (timing: Timing) => started.ask({ inFlight: IN_FLIGHT, ...timing });
  };
  const worker = (file: string, config: object) =>
    stage.enter(() => BenchProcess.start(`subjects/${file}`, { redisUrl, ...config }));
  const rawList = async (config: { list: string; batched: boolean }) => {
    await worker('raw-list-worker.ts', config);
    return producer('raw-list-producer.ts', config);
  };
  await compare(bench, [
    {
      name: 'job_per_call',
      start: async () => {
        await worker('job-per-call-worker.ts', { concurrency: JOB_CONCURRENCY });
        return producer('job-per-call-producer.ts', {});
      },
    },
    { name: 'raw_list', start: () => rawList({ list: 'bench:list', batched: false }) },
    { name: 'raw_list_batched', start: () => rawList({ list: 'bench:list-batched', batched: true }) },
    {
      name: 'millrace_broker',
      start: async () => {
        const prefix = 'bench-broker';
        await stage.enter(() => AppProcess.start('worker', redisUrl, { MILLRACE_PREFIX: prefix }));
        // It stands for a front door, and runs like one.
        return producer('millrace-producer.ts', { prefix }, NODE_FLAGS);
      },
    },
  ]);
}
