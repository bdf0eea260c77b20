import { expect, test } from 'vitest';
import { missedBars } from './figures.ts';
import { fuzz } from './fuzz.ts';

/** The short form of `npm run fuzz`: the whole list of attacks, and some thousand requests made up from the protocol. */
test('nothing that is sent to a front door harms it, or gets what it should not', {
  timeout: 90_000,
}, async () => {
  const { figures, findings } = await fuzz({ seed: 20_261_121, requests: 4_000 });
  expect(findings).toEqual([]);
  // How long the machine takes for anything, and what its collector has left, is for the long run to judge.
  expect(missedBars({ ...figures, max_loop_block_ms: 0, memory_growth: 0 })).toEqual([]);
  expect(figures.requests).toBeGreaterThanOrEqual(4_000);
});
