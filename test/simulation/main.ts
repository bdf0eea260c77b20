/** `npm run simulate -- [--only measure|validate|TRAFFIC,…] [--worker URL,… --tool NAME] [--plots] [--json]` */
import { parseArgs } from 'node:util';
import { keepMeasured, measure, measuredAt, readMeasured } from './measured.ts';
import { renderRuns, runScenarios, writePlots } from './report.ts';
import { scenarios } from './scenarios.ts';
import { shardEnds } from './shards.ts';
import { validate } from './validation.ts';

/** How far a prediction may be off. */
const MOST_ERROR = 0.2;
const RATES = [10_000, 50_000, 100_000, 250_000, 500_000, 1_000_000];

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    worker: { type: 'string' },
    tool: { type: 'string' },
    plots: { type: 'boolean' },
    json: { type: 'boolean' },
  },
});
if ((values.worker === undefined) !== (values.tool === undefined))
  fail('--worker and --tool belong together');

const only = values.only?.split(',') ?? [];
if (only.includes('validate')) await showValidation();
else if (only.includes('measure')) await showMeasured();
else await showScenarios();

async function showValidation(): Promise<void> {
  const compared = await validate({ slots: 4, workers: [1, 2, 4], rounds: 20, repeats: 3, lone: 10 });
  console.log(
    '| workers | calls/s predicted | measured | p50 ms predicted | measured | p99 ms predicted | measured | off by |',
  );
  console.log('|---:|---:|---:|---:|---:|---:|---:|---:|');
  for (const { workers, predicted, measured, error } of compared) {
    const pairs = (['callsPerSecond', 'p50Ms', 'p99Ms'] as const).flatMap((of) => [
      predicted[of],
      measured[of],
    ]);
    console.log(
      `| ${[workers, ...pairs.map((one) => one.toFixed(0)), `${(100 * error).toFixed(1)} %`].join(' | ')} |`,
    );
  }
  if (values.json) console.log(JSON.stringify({ compared }));
  if (compared.some(({ error }) => error > MOST_ERROR)) process.exitCode = 1;
}

async function showMeasured(): Promise<void> {
  const measured = await measure();
  keepMeasured(measured);
  console.log(
    `one Redis: ${measured.redisCallsPerSecond} calls/s; the tool: ${measured.meanMs.toFixed(1)} ms`,
  );
  if (values.json) console.log(JSON.stringify({ measured }));
}

async function showScenarios(): Promise<void> {
  const { worker, tool } = values;
  const measured = worker && tool ? await measuredAt(worker.split(','), tool) : readMeasured();
  const names = scenarios(measured).map(({ name }) => name);
  const unknown = only.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    fail(`--only: no ${unknown.join(', ')}; there are measure, validate, ${names.join(', ')}`);
  const runs = runScenarios(measured, only);
  const shards = shardEnds(measured, RATES);
  console.log(renderRuns(runs));
  for (const one of shards) console.log(`${one.rate.toLocaleString('en')} calls/s: ${one.shards} shards`);
  if (values.plots) writePlots(measured, runs);
  const figures = runs.map(({ name, outcome: { moments: _, ...outcome } }) => [name, outcome] as const);
  if (values.json) console.log(JSON.stringify({ runs: Object.fromEntries(figures), shards }));
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
