import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { NODE_FLAGS } from './node-flags.ts';

/** Fills the heap, lets go of it, and tells how many MB are left of it after the collection. */
function heapLeft(flags: readonly string[]): number {
  const script = `
    const { collectStartupGarbage } = await import(${JSON.stringify(new URL('./startup-garbage.ts', import.meta.url).href)});
    let filling = Array.from({ length: 400_000 }, (_, n) => ({ n }));
    filling = undefined;
    collectStartupGarbage(process.execArgv);
    console.log(process.memoryUsage().heapUsed / 1e6);`;
  const text = execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', script]);
  return Number(text.toString());
}

test('what a small process needed for its start is given back, and no other one waits for that', () => {
  expect(heapLeft(NODE_FLAGS)).toBeLessThan(heapLeft(NODE_FLAGS.slice(1)) - 5);
});
