import type { Bench } from './bench.ts';
import type { Timing } from './closed-loop.ts';
import type { Measured } from './recorder.ts';

/** One of several subjects that are compared. */
export interface Contender {
  /** What the figures call it. */
  readonly name: string;
  /** What `--only` calls it, when that is something else. */
  readonly subject?: string;
  /** Starts its processes; what it gives runs one round. */
  readonly start: () => Promise<(timing: Timing) => Promise<Measured>>;
}

/** An odd number, so that there is a median round. */
const ROUNDS = 5;
/** V8 has optimized everybody's functions by then, also those that run once for a batch. */
const FIRST_WARM_UP_MS = 10_000;
const WARM_UP_MS = 500;
const WINDOW_MS = 2_500;

interface Runner {
  readonly name: string;
  readonly run: (timing: Timing) => Promise<Measured>;
  readonly rounds: Measured[];
}

/**
 * Lets the contenders run in turn, A B A B A B, so that a noisy machine favours none, and reports of each the
 * round with the median rate. A contender that fails is reported and drops out; the others go on.
 */
export async function compare(bench: Bench, contenders: readonly Contender[]): Promise<void> {
  let runners = await startWanted(bench, contenders);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const runner of runners) await runRound(bench, runner);
    runners = runners.filter(({ rounds }) => rounds.length > round);
  }
  for (const runner of runners) reportMedian(bench, runner);
}

async function startWanted(bench: Bench, contenders: readonly Contender[]): Promise<Runner[]> {
  const runners: Runner[] = [];
  for (const { name, subject = name, start } of contenders) {
    if (!bench.wants(subject)) continue;
    const run = await bench.attempt(name, start);
    if (run) runners.push({ name, run, rounds: [] });
  }
  return runners;
}

async function runRound(bench: Bench, { name, run, rounds }: Runner): Promise<void> {
  const timing = { warmUpMs: rounds.length === 0 ? FIRST_WARM_UP_MS : WARM_UP_MS, windowMs: WINDOW_MS };
  const measured = await bench.attempt(name, async () => correct(await run(timing)));
  if (!measured) return;
  rounds.push(measured);
  const rate = Math.round(measured.perSecond);
  bench.progress(
    `${name}: ${rate} calls/s, p50 ${measured.p50.toFixed(2)} ms (${rounds.length} of ${ROUNDS})`,
  );
}

/** @throws when a single answer was wrong */
export function correct<T extends Measured>(measured: T): T {
  if (measured.errors > 0) {
    throw new Error(`${measured.errors} answers were wrong or missing, the first: ${measured.firstError}`);
  }
  return measured;
}

function reportMedian(bench: Bench, { name, rounds }: Runner): void {
  const sorted = rounds.toSorted((a, b) => a.perSecond - b.perSecond);
  const middle = sorted[(ROUNDS - 1) / 2] as Measured;
  bench.report(`${name}_rps`, middle.perSecond);
  bench.report(`${name}_p50_ms`, middle.p50);
  bench.report(`${name}_p99_ms`, middle.p99);
}
