import type { Call } from '@millrace/protocol';
import { Redis } from 'ioredis';
import { childConfig, serveParent } from '../bench-child.ts';
import { echoAnswer } from '../echo-call.ts';

/** Most calls of one fetch; more of them brought nothing with 200 in flight. */
const FETCH_COUNT = 100;

const { redisUrl, list } = childConfig<{ redisUrl: string; list: string }>();
const fetcher = new Redis(redisUrl);
const publisher = new Redis(redisUrl);

async function work(): Promise<never> {
  for (;;) {
    const popped = await fetcher.blmpop(0, 1, list, 'RIGHT', 'COUNT', FETCH_COUNT);
    const answers: [id: string, payload: string][] = [];
    let channel = '';
    for (const element of popped?.[1] ?? []) {
      const { call, replyTo } = JSON.parse(element) as { call: Call; replyTo: string };
      answers.push([call.id, echoAnswer(call)]);
      channel = replyTo;
    }
    void publisher.publish(channel, JSON.stringify(answers));
  }
}

void work();
await serveParent(async () => ({}));
