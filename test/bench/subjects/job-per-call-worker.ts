import type { Call } from '@millrace/protocol';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { childConfig, serveParent } from '../bench-child.ts';
import { echoAnswer } from '../echo-call.ts';

const { redisUrl, concurrency } = childConfig<{ redisUrl: string; concurrency: number }>();
const publisher = new Redis(redisUrl);
const worker = new Worker<{ call: Call; replyTo: string }>(
  'bench-jobs',
  async ({ data: { call, replyTo } }) => {
    await publisher.publish(replyTo, JSON.stringify([call.id, echoAnswer(call)]));
  },
  { connection: new Redis(redisUrl, { maxRetriesPerRequest: null }), concurrency },
);
await worker.waitUntilReady();
await serveParent(async () => ({}));
