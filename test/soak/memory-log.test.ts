import { expect, test } from 'vitest';
import { MemoryLog, median } from './memory-log.ts';

test('the median of an even number of values is the upper one of the two in the middle', () => {
  expect([median([]), median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([0, 2, 3]);
});

test('a process that holds on to memory is seen to grow', () => {
  const log = new MemoryLog(new Map([['this', process.pid]]));
  const held: Buffer[] = [];
  for (let n = 0; n < 8; n += 1) {
    held.push(Buffer.alloc(10_000_000, n + 1));
    log.sample();
  }
  const { fromMb, toMb } = log.growth().get('this') ?? { fromMb: 0, toMb: 0 };
  expect(held).toHaveLength(8);
  expect(toMb - fromMb).toBeGreaterThan(20);
});
