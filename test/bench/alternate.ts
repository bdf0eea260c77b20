/** One of several things whose time is compared. */
export interface Timed {
  readonly run: () => Promise<unknown>;
  /** Times that it runs in one round, one after the other. */
  readonly times: number;
}

/** An odd number, so that there is a median round. */
const ROUNDS = 7;

/** Lets them run in turn, so that a noisy machine favours none. @returns the median time of each, in microseconds */
export async function alternate(subjects: readonly Timed[]): Promise<readonly number[]> {
  const rounds = subjects.map(() => [] as number[]);
  for (const subject of subjects) await timeOf(subject);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [at, subject] of subjects.entries()) rounds[at]?.push(await timeOf(subject));
  }
  return rounds.map((times) => times.toSorted((a, b) => a - b)[(ROUNDS - 1) / 2] ?? Number.NaN);
}

async function timeOf({ run, times }: Timed): Promise<number> {
  const began = performance.now();
  for (let n = 0; n < times; n += 1) await run();
  return ((performance.now() - began) * 1_000) / times;
}
