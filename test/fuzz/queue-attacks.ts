import { disconnect, Keys, StoredReplies } from '@millrace/broker';
import { type Call, type Frame, MODERN_REVISION } from '@millrace/protocol';
import { ClusterKeys, frontDoorSeal } from '@millrace/security';
import { PoolQueue } from '../../libs/broker/src/pool-queue.ts';
import { connectRedis } from '../support/leftovers.ts';
import type { Attack } from './attack.ts';

/** How long a worker may take to refuse, in milliseconds. */
const REFUSAL_MS = 10_000;

const PARAMS = { name: 'echo', arguments: { text: 'forged' } };

/** Puts calls on the queue as whoever can write to Redis does. */
export const forgedEnvelopes: Attack = async ({ cluster, judge, random }) => {
  const redis = await connectRedis(cluster.redisUrl);
  const keys = new Keys(cluster.prefix);
  const queue = new PoolQueue(redis, keys, 'default', 'nobody');
  const replies = new StoredReplies(redis, keys);
  try {
    for (const [name, forge] of Object.entries(FORGERIES)) {
      const call = forge({
        ...aCall(),
        id: `nobody.${name}-${Math.floor(random.between(0, 1e9))}`.replaceAll(' ', '-'),
      });
      await queue.add([call]);
      const frame = await taken(replies, call.id);
      judge.expect(`forged envelope: ${name}`, frame?.kind === 'error', frame?.payload ?? 'no answer');
    }
  } finally {
    await queue.close();
    disconnect(redis);
  }
};

const stranger = frontDoorSeal(new ClusterKeys('a secret that somebody else has made up'));

const FORGERIES: Readonly<Record<string, (call: Call) => Call>> = {
  'no seal': (call) => call,
  'the seal of a stranger': (call) => stranger(call),
  'a seal of nothing': (call) => ({ ...call, seal: 'f:' }),
  'a seal of garbage': (call) => ({ ...call, seal: `f:${'A'.repeat(43)}` }),
  'the seal of a bearer who is not': (call) => ({ ...call, seal: 'k:nobody:AAAA' }),
  'no principal': ({ principal: _, ...call }) => ({ ...call, seal: 'f:AAAA' }),
  'deep arguments': (call) => ({ ...call, seal: 'f:AAAA', params: { ...PARAMS, deep: nested(1_500) } }),
};

function aCall(): Call {
  return {
    id: '',
    method: 'tools/call',
    target: 'echo',
    params: PARAMS,
    revision: MODERN_REVISION,
    deadline: Date.now() + REFUSAL_MS,
    principal: { id: 'root', tenant: 'default', roles: ['admin:access'] },
  };
}

function nested(depth: number): unknown {
  return JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
}

async function taken(replies: StoredReplies, call: string): Promise<Frame | undefined> {
  const until = Date.now() + REFUSAL_MS;
  while (Date.now() < until) {
    const [frame] = await replies.take([call]);
    if (frame) return frame;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return undefined;
}
