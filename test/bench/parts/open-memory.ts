import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import { startCluster } from '../cluster.ts';
import type { HttpLoad, HttpMeasured } from '../load-generator.ts';
import { residentMb } from '../process-watch.ts';
import type { AudienceRequest, ClientKind } from '../subjects/audience.ts';

/** Clients that are there before: what a process of this size has once, and what was free, is not counted. */
const FIRST_CLIENTS = 1_000;
/** Clients that come then. */
const CLIENTS = 2_000;
const WARM_UP = { warmUpMs: 500, windowMs: 2_500 };
/** How long a front door is left alone before its memory is read. */
const QUIET_MS = 4_000;

/** By how much the resident set of a front door that serves grows with each client that only listens. */
export async function measureOpenMemory(bench: Bench): Promise<void> {
  await measureKind(bench, 'listen', 'listen_stream_kb');
  await measureKind(bench, 'websocket', 'websocket_kb');
}

async function measureKind(bench: Bench, kind: ClientKind, figure: string): Promise<void> {
  if (!bench.wants(figure)) return;
  // Each kind has a front door of its own: memory that one gave back to V8 would not show with the other.
  const { frontDoor } = await startCluster(bench.stage, bench.redisUrl, `bench-memory-${kind}`);
  const audience = await bench.stage.enter(() =>
    BenchProcess.start<AudienceRequest, number>('subjects/audience.ts', { port: frontDoor.httpPort }),
  );
  await warmUp(bench, frontDoor.httpPort);
  await audience.ask({ do: 'open', kind, count: FIRST_CLIENTS });
  await delay(QUIET_MS);
  const before = residentMb(frontDoor.pid);
  await audience.ask({ do: 'open', kind, count: CLIENTS });
  await delay(QUIET_MS);
  const after = residentMb(frontDoor.pid);
  const stayed = await audience.ask({ do: 'close' });
  if (stayed < FIRST_CLIENTS + CLIENTS) throw new Error(`only ${stayed} clients stayed connected`);
  bench.progress(`${figure}: ${before.toFixed(1)} MB, with ${CLIENTS} more clients ${after.toFixed(1)} MB`);
  bench.report(figure, ((after - before) * 1024) / CLIENTS);
}

/** Fills the young generation of V8, which keeps its size from then on. */
async function warmUp(bench: Bench, port: number): Promise<void> {
  const generator = await bench.stage.enter(() =>
    BenchProcess.start<HttpLoad, HttpMeasured>('load-generator.ts'),
  );
  await generator.ask({ port, tool: 'echo', connections: 20, labelled: false, ...WARM_UP });
  await generator.stop();
}
