import { Cluster, type Redis } from 'ioredis';

export interface PulseOptions {
  /** Between two beats, in milliseconds. */
  readonly everyMs: number;
  /** Beats for which Redis may owe an answer before the connection counts as broken. */
  readonly patience: number;
}

export const DEFAULT_PULSE: PulseOptions = { everyMs: 1_000, patience: 3 };

/** Beats that the greeting on a new connection may take. */
const GREETING_BEATS = 3;

/**
 * Breaks a connection on which nothing comes back any more, so that it is made anew. A network that swallows packets
 * says nothing: without this the kernel would try for a quarter of an hour, and a subscriber would wait for ever.
 */
export function keepPulse(redis: Redis, options: PulseOptions = DEFAULT_PULSE): void {
  const connection: unknown = redis;
  if (!(connection instanceof Cluster)) {
    keepPulseOf(redis, options);
    return;
  }
  for (const node of connection.nodes()) keepPulseOf(node, options);
  connection.on('+node', (node: Redis) => keepPulseOf(node, options));
}

function keepPulseOf(redis: Redis, { everyMs, patience }: PulseOptions): void {
  /** Counted in beats, not in time: a process that stood still finds late what had come in time. */
  let owedFor = 0;
  let asked: Promise<unknown> | undefined;
  const ask = () => {
    const question = redis.ping();
    const answered = () => {
      if (asked === question) asked = undefined;
    };
    asked = question;
    owedFor = 0;
    question.then(answered, answered);
  };
  const owe = (beats: number) => {
    owedFor += 1;
    if (owedFor >= beats)
      redis.stream.destroy(new Error('Redis does not answer on this connection any more'));
  };
  const beat = () => {
    if (redis.status === 'connect') owe(GREETING_BEATS);
    else if (redis.status === 'ready' && asked) owe(patience);
    else if (redis.status === 'ready') ask();
  };
  const begin = () => {
    asked = undefined;
    owedFor = 0;
  };
  let timer: NodeJS.Timeout | undefined;
  const start = () => {
    timer ??= setInterval(beat, everyMs).unref();
  };
  start();
  // It may be connected again after its end.
  redis.on('connecting', start).on('connect', begin).on('ready', begin);
  redis.on('end', () => {
    clearInterval(timer);
    timer = undefined;
  });
}
