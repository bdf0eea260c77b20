import type { PluginHost, PluginLog } from '@millrace/toolkit';
import pg from 'pg';
import type { Database, Row, Statements } from './database.ts';
import { DatabaseError } from './database-error.ts';

/** Connections of one worker. Workers are many, and a Postgres server takes 100 by default. */
const CONNECTIONS = 5;
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;

/** A Postgres server, through a bounded pool of connections, whose figures are reported as `postgres`. */
export async function openPostgres(
  url: string,
  log: PluginLog,
  reportPool: PluginHost['reportPool'],
): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'millrace-example',
  });
  // Without a listener, the end of an idle connection would end the process.
  pool.on('error', (error) => log.warn({ error }, 'An idle connection to the database was lost'));
  const report = () => {
    const { idleCount: idle, totalCount, waitingCount: waiting } = pool;
    reportPool('postgres', { idle, borrowed: totalCount - idle, waiting, max: CONNECTIONS });
  };
  for (const event of ['acquire', 'release', 'remove'] as const) pool.on(event as 'acquire', report);
  return {
    ...statementsOn(pool),
    transaction: (work) => inTransaction(pool, work),
    close: () => pool.end(),
  };
}

function statementsOn(way: pg.Pool | pg.PoolClient): Statements {
  return {
    async query<R extends Row>(text: string, values: readonly unknown[] = []) {
      try {
        const { rows } = await way.query<R>(text, [...values]);
        return rows;
      } catch (error) {
        throw new DatabaseError(error);
      }
    },
  };
}

async function inTransaction<T>(pool: pg.Pool, work: (statements: Statements) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw new DatabaseError(error);
  });
  const statements = statementsOn(client);
  let broken: Error | undefined;
  try {
    await statements.query('BEGIN');
    const result = await work(statements);
    await statements.query('COMMIT');
    return result;
  } catch (error) {
    // A connection that cannot even roll back is not used again.
    await client.query('ROLLBACK').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
