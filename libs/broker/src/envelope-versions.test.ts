import { expect, test } from 'vitest';
import { readableEnvelopes } from './envelope-versions.ts';
import type { WorkerRecord } from './worker-record.ts';

function worker(pools: readonly string[], envelope?: number): WorkerRecord {
  const record = { id: 'w', pools, slots: 1, offer: '', startedAt: 0, host: 'h', pid: 1 };
  return { ...record, ...(envelope !== undefined && { envelope }) };
}

test('the oldest worker of a pool says what is written for it', () => {
  const versions = readableEnvelopes([worker(['a', 'b'], 3), worker(['b', 'c'], 2), worker(['c'])]);
  expect([...versions]).toEqual([
    ['a', 3],
    ['b', 2],
    ['c', 1],
  ]);
});
