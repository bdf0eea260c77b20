/** `npm run conformance -- [--json] [--only REVISION]`: the official suite against a cluster of its own. */
import { parseArgs } from 'node:util';
import { runConformance } from './conformance.ts';
import { REVISIONS } from './suite.ts';
import { renderScore } from './table.ts';

const { values } = parseArgs({ options: { json: { type: 'boolean' }, only: { type: 'string' } } });
const revisions = REVISIONS.filter((revision) => values.only === undefined || revision === values.only);
if (revisions.length === 0) {
  console.error(`--only: there is no requirement set ${values.only}; there are ${REVISIONS.join(', ')}`);
  process.exit(2);
}

const abandoned = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abandoned.abort());

const scores = await runConformance({
  revisions,
  onScenario: (revision, scenario) => console.error(`${revision} ${scenario}`),
  onScore: (revision, score) => console.log(`${renderScore(revision, score)}\n`),
  signal: abandoned.signal,
}).catch((error: unknown) => {
  if (abandoned.signal.aborted) process.exit(130);
  throw error;
});
if (values.json) console.log(JSON.stringify(scores));
process.exitCode = Object.values(scores).some(({ failed }) => failed > 0) ? 1 : 0;
