import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { MemoryLog, median } from './memory-log.ts';

test('the median of an even number of values is the upper one of the two in the middle', () => {
  expect([median([]), median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([0, 2, 3]);
});

/** Holds on to 10 MB more with each line that it reads, and says so. */
const HOARDER = `
  const held = [];
  process.stdin.on('data', () => {
    held.push(Buffer.alloc(10_000_000, held.length + 1));
    process.stdout.write('.');
  });
`;

test('a process that holds on to memory is seen to grow', async () => {
  const hoarder = spawn(process.execPath, ['--eval', HOARDER], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void hoarder.kill());
  const log = new MemoryLog(new Map([['hoarder', hoarder.pid ?? 0]]));
  for (let n = 0; n < 8; n += 1) {
    hoarder.stdin.write('more');
    await once(hoarder.stdout, 'data');
    log.sample();
  }
  const { fromMb, toMb } = log.growth().get('hoarder') ?? { fromMb: 0, toMb: 0 };
  expect(toMb - fromMb).toBeGreaterThan(20);
});
