import { setTimeout as delay } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import { startCluster } from '../cluster.ts';
import { residentMb } from '../process-watch.ts';
import type { AudienceRequest, ClientKind } from '../subjects/audience.ts';

const CLIENTS = 1_000;
/** Clients that come and go before, so that what is made once for all of them is there. */
const WARM_UP_CLIENTS = 50;
/** How long a front door is left alone before its memory is read. */
const QUIET_MS = 4_000;

/** By how much the resident set of a front door grows with each client that only listens. */
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
  await audience.ask({ do: 'open', kind, count: WARM_UP_CLIENTS });
  await audience.ask({ do: 'close' });
  await delay(QUIET_MS);
  const before = residentMb(frontDoor.pid);
  await audience.ask({ do: 'open', kind, count: CLIENTS });
  await delay(QUIET_MS);
  const after = residentMb(frontDoor.pid);
  const stayed = await audience.ask({ do: 'close' });
  if (stayed < CLIENTS) throw new Error(`only ${stayed} of ${CLIENTS} clients stayed connected`);
  bench.progress(`${figure}: ${before.toFixed(1)} MB, with ${CLIENTS} clients ${after.toFixed(1)} MB`);
  bench.report(figure, ((after - before) * 1024) / CLIENTS);
}
