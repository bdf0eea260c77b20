/** `npm run chaos -- [--long] [--seed N] [--only FAULT,…] [--json] [--keep]`: breaks a cluster, and counts what its clients lose. */
import { parseArgs } from 'node:util';
import { rollingRestart } from '../rolling/rolling-restart.ts';
import { Chaos } from './chaos.ts';
import { FAULT_NAMES, isFaultName } from './fault-names.ts';
import { makePlan } from './plan.ts';
import { renderTable } from './table.ts';
import { missedBars } from './verdict.ts';

const { values } = parseArgs({
  options: {
    long: { type: 'boolean' },
    seed: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'boolean' },
    keep: { type: 'boolean' },
  },
});

/** The cluster whose processes are replaced under load. */
const ROLLING = { frontDoors: 2, workers: 3, clients: 12, pauseMs: 1_000 };

const only = values.only?.split(',') ?? [...FAULT_NAMES];
const unknown = only.filter((name) => !isFaultName(name));
if (unknown.length > 0)
  fail(`--only: no fault is named ${unknown.join(', ')}; there are ${FAULT_NAMES.join(', ')}`);

const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
if (!Number.isSafeInteger(seed) || seed < 0) fail(`--seed: expected a whole number, not ${values.seed}`);

const plan = makePlan({ size: values.long ? 'long' : 'short', seed, only: only.filter(isFaultName) });
console.error(`seed ${seed}, ${plan.durationMs / 1000} s, faults: ${plan.faults.join(', ')}`);

const chaos = await Chaos.start(plan);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void abandon());
const outcome = await chaos.run();
if (values.keep) console.error(`the ledger is in ${chaos.directory}`);
else await chaos.close();

// Beside the faults: every process in its turn, in good order.
const rolling = values.only === undefined ? await rollingRestart(ROLLING) : undefined;
const missed = [
  ...missedBars(outcome.figures, plan.least),
  ...outcome.complaints,
  ...(rolling?.reasons ?? []),
];
console.log(renderTable(outcome));
if (rolling) console.log(`rolling restart: ${JSON.stringify(rolling.figures)}`);
for (const miss of missed) console.error(miss);
if (values.json) {
  const { rolling_restart_failed, rolling_restart_lost } = rolling?.figures ?? {};
  console.log(JSON.stringify({ ...outcome.figures, rolling_restart_failed, rolling_restart_lost }));
}
process.exitCode = missed.length > 0 ? 1 : 0;

async function abandon(): Promise<never> {
  await chaos.abandon();
  await chaos.close();
  process.exit(130);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
