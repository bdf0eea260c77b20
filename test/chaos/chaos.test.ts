import { expect, test } from 'vitest';
import { Chaos } from './chaos.ts';
import { FAULT_NAMES } from './fault-names.ts';
import { makePlan } from './plan.ts';

/**
 * The smallest run: what must never happen does not, whatever is done to the cluster. How fast it recovers depends on
 * the machine, so that `npm run chaos` judges that.
 */
test('nothing is lost, answered twice, or run twice in silence', { timeout: 110_000 }, async () => {
  const chaos = await Chaos.start(makePlan({ size: 'tiny', seed: 20_261_121 }));
  const { figures, findings, complaints, faultCounts } = await chaos.run();
  await chaos.close();
  const wrong = findings.filter((finding) => !finding.startsWith('late'));
  expect({ wrong, complaints }).toEqual({ wrong: [], complaints: [] });
  expect(figures.accepted).toBe(figures.answered);
  expect(figures.accepted).toBeGreaterThan(50);
  expect(figures.tasks).toBeGreaterThan(5);
  expect([...faultCounts.keys()].sort()).toEqual([...FAULT_NAMES].sort());
});
