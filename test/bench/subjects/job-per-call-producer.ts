/** Plain BullMQ: every call is one job; the answer comes by pub/sub. */
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { childConfig, serveParent } from '../bench-child.ts';
import { type BrokerLoad, brokerLoop } from '../broker-loop.ts';
import { checkEcho, echoCall } from '../echo-call.ts';
import { WaitingCalls } from '../waiting-calls.ts';

const REPLY_CHANNEL = 'bench:job:replies';

const { redisUrl } = childConfig<{ redisUrl: string }>();
const waiting = new WaitingCalls();
const queue = new Queue('bench-jobs', { connection: new Redis(redisUrl, { maxRetriesPerRequest: null }) });
const subscriber = new Redis(redisUrl);
subscriber.on('message', (_channel, message: string) => {
  const [id, payload] = JSON.parse(message) as [string, string];
  waiting.answer(id, payload);
});
await subscriber.subscribe(REPLY_CHANNEL);

await serveParent((load: BrokerLoad) =>
  brokerLoop(load, async (number) => {
    const call = echoCall(number);
    const answer = waiting.wait(call.id);
    await queue.add('call', { call, replyTo: REPLY_CHANNEL }, { removeOnComplete: true, removeOnFail: true });
    checkEcho(await answer, number);
  }),
);
