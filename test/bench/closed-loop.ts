import { setTimeout as delay } from 'node:timers/promises';
import { type Measured, Recorder } from './recorder.ts';

export interface Timing {
  readonly warmUpMs: number;
  readonly windowMs: number;
}

/** Makes one request, checks its answer, throws when that is wrong; gives the label to count it under. */
export type Lane = () => Promise<string>;

/** How long the last requests may take after the window before they count as unanswered. */
const PATIENCE_MS = 10_000;

/** A lane that only fails would take the processor from those that are measured. */
const MAX_FAILURES = 10;

/** Keeps one request in flight on each lane: warms up, measures a window, then waits for what is under way. */
export async function closedLoop(lanes: readonly Lane[], { warmUpMs, windowMs }: Timing): Promise<Measured> {
  const recorder = new Recorder();
  const window = { over: false };
  let open = lanes.length;
  const running = lanes.map(async (lane) => {
    await runLane(lane, recorder, window);
    open -= 1;
  });
  await delay(warmUpMs);
  recorder.begin();
  await delay(windowMs);
  const seen = recorder.end();
  window.over = true;
  await Promise.race([Promise.all(running), delay(PATIENCE_MS, undefined, { ref: false })]);
  for (let missing = open; missing > 0; missing -= 1) recorder.error('a request was never answered');
  return { ...seen, ...recorder.failures };
}

async function runLane(lane: Lane, recorder: Recorder, window: { over: boolean }): Promise<void> {
  for (let failures = 0; !window.over && failures < MAX_FAILURES; ) {
    const begun = performance.now();
    try {
      const label = await lane();
      recorder.answer(performance.now() - begun, label);
    } catch (error) {
      recorder.error(error instanceof Error ? error.message : String(error));
      failures += 1;
    }
  }
}
