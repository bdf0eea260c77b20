/** `npm run fuzz -- [--json] [--seed N] [--requests N]`: malformed and hostile requests, and what came of them. */
import { parseArgs } from 'node:util';
import { missedBars } from './figures.ts';
import { fuzz } from './fuzz.ts';

const DEFAULT_REQUESTS = 60_000;

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, seed: { type: 'string' }, requests: { type: 'string' } },
});

const seed = wholeNumber('--seed', values.seed, Math.floor(Math.random() * 1_000_000));
const requests = wholeNumber('--requests', values.requests, DEFAULT_REQUESTS);
console.error(`seed ${seed}, ${requests} requests`);
const { figures, findings } = await fuzz({ seed, requests });
for (const finding of findings) console.error(finding);
const missed = missedBars(figures);
if (values.json) console.log(JSON.stringify(figures));
else for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(20)} ${value}`);
for (const miss of missed) console.error(miss);
process.exitCode = missed.length > 0 ? 1 : 0;

function wholeNumber(option: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`${option}: expected a whole number, not ${text}`);
  process.exit(2);
}
