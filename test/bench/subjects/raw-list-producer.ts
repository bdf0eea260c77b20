/**
 * The floor: a hand-coded Redis list with one push per call, and nothing that keeps a call safe. When told so it
 * batches, too: pushing the calls of a tick together was the fastest of twelve variants.
 */
import { Redis } from 'ioredis';
import { childConfig, serveParent } from '../bench-child.ts';
import { type BrokerLoad, brokerLoop } from '../broker-loop.ts';
import { checkEcho, echoCall } from '../echo-call.ts';
import { WaitingCalls } from '../waiting-calls.ts';

const { redisUrl, list, batched } = childConfig<{ redisUrl: string; list: string; batched: boolean }>();
const replyTo = `${list}:replies`;
const waiting = new WaitingCalls();
const redis = new Redis(redisUrl);
const subscriber = new Redis(redisUrl);
subscriber.on('message', (_channel, message: string) => {
  for (const [id, payload] of JSON.parse(message) as [string, string][]) waiting.answer(id, payload);
});
await subscriber.subscribe(replyTo);

let gathered: string[] = [];

function push(element: string): void {
  if (!batched) void redis.lpush(list, element);
  else if (gathered.push(element) === 1) setImmediate(pushGathered);
}

function pushGathered(): void {
  void redis.lpush(list, ...gathered);
  gathered = [];
}

await serveParent((load: BrokerLoad) =>
  brokerLoop(load, async (number) => {
    const call = echoCall(number);
    const answer = waiting.wait(call.id);
    push(JSON.stringify({ call, replyTo }));
    checkEcho(await answer, number);
  }),
);
