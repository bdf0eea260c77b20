/**
 * The floor: a hand-coded Redis list with one element per call, and nothing that keeps a call safe. Pushing the
 * calls of a tick together and answering those of one fetch together was the fastest of twelve variants:
 * over twice the rate of a push and a publish for each call.
 */
import { Redis } from 'ioredis';
import { childConfig, serveParent } from '../bench-child.ts';
import { type BrokerLoad, brokerLoop } from '../broker-loop.ts';
import { checkEcho, echoCall } from '../echo-call.ts';
import { WaitingCalls } from '../waiting-calls.ts';

const REPLY_CHANNEL = 'bench:list:replies';

const { redisUrl, list } = childConfig<{ redisUrl: string; list: string }>();
const waiting = new WaitingCalls();
const redis = new Redis(redisUrl);
const subscriber = new Redis(redisUrl);
subscriber.on('message', (_channel, message: string) => {
  for (const [id, payload] of JSON.parse(message) as [string, string][]) waiting.answer(id, payload);
});
await subscriber.subscribe(REPLY_CHANNEL);

let gathered: string[] = [];

function push(element: string): void {
  if (gathered.push(element) === 1) setImmediate(pushGathered);
}

function pushGathered(): void {
  void redis.lpush(list, ...gathered);
  gathered = [];
}

await serveParent((load: BrokerLoad) =>
  brokerLoop(load, async (number) => {
    const call = echoCall(number);
    const answer = waiting.wait(call.id);
    push(JSON.stringify({ call, replyTo: REPLY_CHANNEL }));
    checkEcho(await answer, number);
  }),
);
