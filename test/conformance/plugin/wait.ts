import { setTimeout as sleep } from 'node:timers/promises';

/** Takes its time, unless the call is cancelled before. */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal });
}
