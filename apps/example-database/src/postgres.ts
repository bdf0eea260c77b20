import type { PluginLog } from '@millrace/toolkit';
import pg from 'pg';
import { type Database, type Row, unavailable } from './database.ts';

/** Connections of one worker. Workers are many, and a Postgres server takes 100 by default. */
const CONNECTIONS = 5;
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;

/** SQLSTATE of a statement that took too long, and the classes of a server that is not there for us. */
const QUERY_CANCELED = '57014';
const UNAVAILABLE_CLASSES = ['08', '53', '57'];

/** A Postgres server, through a bounded pool of connections. */
export async function openPostgres(url: string, log: PluginLog): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'millrace-example',
  });
  // Without a listener, the end of an idle connection would end the process.
  pool.on('error', (error) => log.warn({ error }, 'An idle connection to the database was lost'));
  return {
    async query<R extends Row>(text: string, values: readonly unknown[] = []) {
      try {
        const { rows } = await pool.query<R>(text, [...values]);
        return rows;
      } catch (error) {
        throw isUnavailable(error) ? unavailable(error) : error;
      }
    },
    close: () => pool.end(),
  };
}

/** Errors that are not the server's answer are those of the connection. */
function isUnavailable(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return true;
  const { code = '' } = error;
  return code === QUERY_CANCELED || UNAVAILABLE_CLASSES.includes(code.slice(0, 2));
}
