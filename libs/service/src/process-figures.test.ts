import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';
import { memoryLimitOf, observeDisk, watchProcess } from './process-figures.ts';

const GIB = 1024 ** 3;

test.each([
  ['the limit of the container', GIB, GIB],
  ['all of the machine where there is none', 0, 8 * GIB],
  ['all of the machine where the kernel says that nothing limits it', 2 ** 63, 8 * GIB],
])('the memory of a process is %s', (_, constrained, limit) => {
  expect(memoryLimitOf(constrained, 8 * GIB)).toBe(limit);
});

test('a process shows what it uses', async () => {
  const metrics = createMetrics();
  watchProcess(metrics);
  await observeDisk(metrics, tmpdir());
  const [memory] = (await metrics.memoryLimit.get()).values;
  const [free] = (await metrics.diskFree.get()).values;
  const [size] = (await metrics.diskSize.get()).values;
  expect(memory?.value).toBeGreaterThan(0);
  expect(free?.value).toBeLessThanOrEqual(size?.value ?? 0);
  const exposed = await metrics.registry.metrics();
  for (const name of ['nodejs_eventloop_lag_p99_seconds', 'process_cpu_seconds_total'])
    expect(exposed).toContain(`# TYPE ${name} `);
});
