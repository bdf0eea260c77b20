import { PGlite, type Transaction } from '@electric-sql/pglite';
import { type PluginHost, PoolError, StateError, ToolError } from '@millrace/toolkit';
import type { Database, Row, Statements } from './database.ts';
import { DatabaseError } from './database-error.ts';

/** One connection and a handful of rows need little of what Postgres takes by default: 140 MB less resident memory. */
const SETTINGS = ['shared_buffers = 16MB', 'max_connections = 5'];

/** It starts within seconds, and answers within milliseconds. */
const MAX_WAIT_MS = 30_000;

/**
 * Postgres inside this process. It works on one statement at a time and would let any number wait for ever: a pool of one
 * bounds that, and opens the database again should it have closed.
 *
 * @param directory where its files are; one process only may use them. In memory when absent.
 */
export function openEmbedded(openPool: PluginHost['openPool'], directory?: string): Database {
  const pool = openPool<PGlite>({
    name: 'embedded-database',
    max: 1,
    // What is in memory alone must not be closed because nobody needs it for a while.
    min: 1,
    maxWaitMs: MAX_WAIT_MS,
    create: () => PGlite.create({ ...(directory && { dataDir: directory }), postgresqlconf: SETTINGS }),
    validate: ({ closed }) => !closed,
    destroy: async (pglite) => {
      if (!pglite.closed) await pglite.close();
    },
  });
  const use = async <T>(work: (pglite: PGlite) => Promise<T>): Promise<T> => {
    try {
      return await pool.use(work);
    } catch (error) {
      throw explained(error);
    }
  };
  return {
    query: <R extends Row>(text: string, values: readonly unknown[] = []) =>
      use((pglite) => statementsOn(pglite).query<R>(text, values)),
    transaction: (work) => use((pglite) => pglite.transaction((within) => work(statementsOn(within)))),
    close: () => pool.stop(),
  };
}

function statementsOn(way: PGlite | Transaction): Statements {
  return {
    async query<R extends Row>(text: string, values: readonly unknown[] = []) {
      try {
        return (await way.query<R>(text, [...values])).rows;
      } catch (error) {
        throw new DatabaseError(error);
      }
    },
  };
}

/** What is said already stays as it is; anything else comes from the database itself, such as a commit that failed. */
function explained(error: unknown): unknown {
  const said = error instanceof PoolError || error instanceof ToolError || error instanceof StateError;
  return said ? error : new DatabaseError(error);
}
