import { afterAll, beforeAll } from 'vitest';
import { hasPostgres, startPostgres } from '../../../../apps/example-database/src/testing/postgres-server.ts';
import { migrate } from '../migrate.ts';
import { openSqlDatabase } from '../open-sql-database.ts';
import type { SqlDatabase } from '../sql-database.ts';

const STARTING_MS = 60_000;

/** Kinds of databases that this machine has: the embedded one always, a server where its binaries are on the PATH. */
export const DATABASES: readonly ('embedded' | 'server')[] = hasPostgres()
  ? ['embedded', 'server']
  : ['embedded'];

/** A migrated database for the tests of one block. @returns the way to it, once the tests run */
export function useTestDatabase(kind: (typeof DATABASES)[number]): () => SqlDatabase {
  let database: SqlDatabase | undefined;
  let stop = async () => {};
  beforeAll(async () => {
    const server = kind === 'server' ? await startPostgres() : undefined;
    database = await openSqlDatabase(server?.url ?? 'pglite:');
    stop = async () => {
      await database?.close();
      await server?.stop();
    };
    await migrate(database);
  }, STARTING_MS);
  afterAll(() => stop(), STARTING_MS);
  return () => {
    if (!database) throw new Error('the database is there while tests run');
    return database;
  };
}
