import { toolPoliciesSchema } from '@millrace/protocol';
import { createMetrics } from '@millrace/service';
import { defineTool } from '@millrace/toolkit';
import { expect, test } from 'vitest';
import { aRunningCall } from './testing/running.ts';
import { ToolPlaces } from './tool-places.ts';

const tool = defineTool({ name: 'scan', handler: () => 'x' });
const limited = (concurrency: object) => ({ tool, policies: toolPoliciesSchema.parse({ concurrency }) });

test('the smaller limit is the one of the worker', () => {
  const bulkhead = new ToolPlaces(createMetrics()).of(limited({ perWorker: 3, fleet: 1 }));
  expect([bulkhead?.tryEnter(), bulkhead?.tryEnter()]).toEqual([true, false]);
});

test('a tool without limits has no bulkhead', () => {
  expect(new ToolPlaces(createMetrics()).of({ tool, policies: {} })).toBeUndefined();
});

test('who finds a place has it with the call, and gives it back with the call', () => {
  const places = new ToolPlaces(createMetrics());
  const { running } = aRunningCall();
  expect(places.reserve(running, limited({ perWorker: 1 }))).toBe(true);
  const bulkhead = places.of(limited({ perWorker: 1 }));
  expect(bulkhead?.running).toBe(1);
  running.leavePlace();
  running.leavePlace();
  expect(bulkhead?.running).toBe(0);
});

test('who finds none waits for a while, then leaves the call to others', async () => {
  const places = new ToolPlaces(createMetrics());
  const [first, second, third] = [aRunningCall(), aRunningCall(), aRunningCall()].map(
    ({ running }) => running,
  );
  if (!first || !second || !third) throw new Error('three calls');
  places.reserve(first, limited({ perWorker: 1 }));
  expect(await places.reserve(second, limited({ perWorker: 1 }))).toBe(false);
  const waiting = places.reserve(third, limited({ perWorker: 1 }));
  first.leavePlace();
  expect(await waiting).toBe(true);
});

test('a call that is cancelled does not wait on', async () => {
  const places = new ToolPlaces(createMetrics());
  const [first, second] = [aRunningCall().running, aRunningCall().running];
  places.reserve(first, limited({ perWorker: 1 }));
  const waiting = places.reserve(second, limited({ perWorker: 1 }));
  second.abort(new Error('cancelled'));
  expect(await waiting).toBe(false);
});

test('where only the fleet is limited, no other worker could run the call, so it may wait here', () => {
  const places = new ToolPlaces(createMetrics());
  const calls = [aRunningCall().running, aRunningCall().running];
  expect(calls.map((running) => places.reserve(running, limited({ fleet: 1 })))).toEqual([true, true]);
});
