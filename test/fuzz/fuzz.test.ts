import { expect, test } from 'vitest';
import { missedBars } from './figures.ts';
import { fuzz } from './fuzz.ts';

/** The short form of `npm run fuzz`: the whole list of attacks, and some thousand requests made up from the protocol. */
test('nothing that is sent to a front door harms it, or gets what it should not', {
  timeout: 90_000,
}, async () => {
  const { figures, findings } = await fuzz({ seed: 20_261_121, requests: 4_000 });
  expect(findings).toEqual([]);
  // A short run on a busy machine shows only the worst of these two; the long one judges them by their bars.
  expect(figures.max_loop_block_ms).toBeLessThan(1_000);
  expect(figures.memory_growth).toBeLessThan(0.5);
  expect(missedBars({ ...figures, max_loop_block_ms: 0, memory_growth: 0 })).toEqual([]);
  expect(figures.requests).toBeGreaterThanOrEqual(4_000);
});
