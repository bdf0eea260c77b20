/**
 * Loaded into each process of a fuzz run before its own code. Asked by a signal, it collects garbage and logs how much
 * memory is left in use, and for how long nothing else got its turn.
 */
const INTERVAL_MS = 5;

let last = performance.now();
let cpu = process.cpuUsage();
let maxBlockMs = 0;

setInterval(() => {
  const now = performance.now();
  const used = process.cpuUsage(cpu);
  // What the machine gave to others in the meantime is not ours.
  const block = Math.min(now - last - INTERVAL_MS, (used.user + used.system) / 1_000);
  maxBlockMs = Math.max(maxBlockMs, block);
  last = now;
  cpu = process.cpuUsage();
}, INTERVAL_MS).unref();

process.on('SIGUSR2', () => {
  for (let round = 0; round < 4; round += 1) globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const line = { level: 'info', msg: 'watch', used: heapUsed + external, rss, maxBlockMs };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  // The collection itself was asked for.
  maxBlockMs = 0;
  last = performance.now();
  cpu = process.cpuUsage();
});
