/** `npm run soak -- [--minutes 60] [--clients 16] [--json]`: half load for a long time; what grows, and what stays. */
import { parseArgs } from 'node:util';
import { missedBars, soak } from './soak.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    clients: { type: 'string', default: '16' },
    json: { type: 'boolean' },
  },
});

const [minutes, clients] = [Number(values.minutes), Number(values.clients)];
if (!(minutes > 0)) fail(`--minutes: expected a number above 0, not ${values.minutes}`);
if (!Number.isSafeInteger(clients) || clients < 1)
  fail(`--clients: expected a whole number, not ${values.clients}`);

const MEASURE_MS = 10_000;
console.error(`${minutes} minutes with ${clients} clients`);
const { figures, failures } = await soak({ durationMs: minutes * 60_000, measureMs: MEASURE_MS, clients });
const missed = missedBars(figures);
for (const [name, value] of Object.entries(figures)) {
  console.log(`${name.padEnd(14)} ${typeof value === 'number' ? value : JSON.stringify(value)}`);
}
for (const line of [...failures, ...missed]) console.error(line);
if (values.json) console.log(JSON.stringify(figures));
process.exitCode = missed.length > 0 ? 1 : 0;

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
