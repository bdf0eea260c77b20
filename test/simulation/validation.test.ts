import { expect, test } from 'vitest';
import { ServiceTimes } from './service-times.ts';
import { predictBurst, validate } from './validation.ts';

test('a burst is worked off in rounds of all slots', () => {
  const service = ServiceTimes.fixed(100);
  const burst = predictBurst({ service, transportMs: 5, slots: 4, calls: 40 });
  expect(burst.p99Ms).toBeCloseTo(1_005);
  expect(burst.callsPerSecond).toBeCloseTo(40 / 1.005);
  expect(burst.p50Ms).toBeGreaterThan(500);
  expect(burst.p50Ms).toBeLessThan(520);
});

test('what the model says of 1, 2 and 4 workers is within 20 % of what real workers do', {
  timeout: 90_000,
}, async () => {
  const compared = await validate({ slots: 2, workers: [1, 2, 4], rounds: 20, repeats: 1, lone: 5 });
  expect(compared.map(({ workers }) => workers)).toEqual([1, 2, 4]);
  for (const one of compared) expect(one.error, JSON.stringify(one)).toBeLessThan(0.2);
});
