import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManagedDatabase } from '@millrace/state';
import { hasPostgres, startPostgres } from '../../apps/example-database/src/testing/postgres-server.ts';
import type { Bench } from './bench.ts';

/** A migrated Postgres of its own: a server where its binaries are on the PATH, else the embedded one. */
export async function startDatabase(bench: Bench): Promise<ManagedDatabase> {
  const { stage } = bench;
  const url = hasPostgres() ? (await stage.enter(startPostgres)).url : await embedded(stage);
  bench.progress(`Postgres: ${url.startsWith('pglite:') ? 'embedded' : 'a server of its own'}`);
  return stage.enter(async () => {
    const database = new ManagedDatabase(url);
    await database.start();
    return database;
  });
}

async function embedded(stage: Bench['stage']): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  await stage.enter(async () => ({ stop: () => rm(directory, { recursive: true }) }));
  return `pglite:${join(directory, 'data')}`;
}
