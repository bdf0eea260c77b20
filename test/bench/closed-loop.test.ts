import { expect, test } from 'vitest';
import { closedLoop } from './closed-loop.ts';

const timing = { warmUpMs: 5, windowMs: 20 };
const nextTurn = () => new Promise<string>((resolve) => setImmediate(resolve, 'ok'));

test('keeps one request in flight on each lane', async () => {
  let inFlight = 0;
  let most = 0;
  const lane = async () => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    const label = await nextTurn();
    inFlight -= 1;
    return label;
  };
  const measured = await closedLoop([lane, lane, lane], timing);
  expect(most).toBe(3);
  expect(inFlight).toBe(0);
  expect(measured.errors).toBe(0);
  expect(measured.labels['ok']).toBeGreaterThan(0);
});

test('a lane that only fails is given up', async () => {
  const failing = async () => {
    throw new Error('no such tool');
  };
  const measured = await closedLoop([failing], timing);
  expect(measured).toMatchObject({ perSecond: 0, errors: 10, firstError: 'no such tool' });
});
