import { expect, test } from 'vitest';
import { missedBars, soak } from './soak.ts';

/** The shortest run: nothing fails, and nothing stays. How memory goes only a long one tells: `npm run soak`. */
test('under a load that goes on, no call fails, no key is left, and memory does not run away', {
  timeout: 90_000,
}, async () => {
  const { figures, failures } = await soak({ durationMs: 10_000, measureMs: 2_000, clients: 4 });
  expect(failures).toEqual([]);
  expect(figures).toMatchObject({ failed: 0, keys_left: 0 });
  expect(figures.calls).toBeGreaterThan(100);
  for (const [, mb] of Object.entries(figures.memory_mb)) expect(mb).toBeLessThan(400);
});

test('what grew is told', () => {
  const good = {
    minutes: 60,
    calls: 1,
    calls_per_s: 1,
    failed: 0,
    keys_left: 0,
    keys_growth: 1,
    memory_growth: 1.1,
    memory_mb: {},
  };
  expect(missedBars(good)).toEqual([]);
  expect(missedBars({ ...good, memory_growth: 1.4, keys_left: 2 })).toEqual([
    'keys_left is 2, and may be 0 at most',
    'memory_growth is 1.4, and may be 1.15 at most',
  ]);
});
