import type { SqlDatabase, SqlRow } from './sql-database.ts';

export interface OpenDatabaseOptions {
  /** Told of what goes wrong between statements. */
  readonly onWarning?: (error: Error) => void;
}

/** Connections of one worker. Workers are many, and a Postgres server takes 100 by default. */
const CONNECTIONS = 5;
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;

/** Begins the URL of a database inside this process. */
const EMBEDDED = 'pglite:';

/** Takes little memory: there is one connection. */
const EMBEDDED_SETTINGS = ['shared_buffers = 16MB', 'max_connections = 5'];

/**
 * Opens the database that a URL names: `postgres://…` for a server, `pglite:` for one in the memory of this process,
 * `pglite:DIRECTORY` for one that is kept in files, which one process only may use.
 */
export async function openSqlDatabase(
  url: string,
  { onWarning = () => {} }: OpenDatabaseOptions = {},
): Promise<SqlDatabase> {
  return url.startsWith(EMBEDDED) ? openEmbedded(url.slice(EMBEDDED.length)) : openServer(url, onWarning);
}

// Only the driver that is used is loaded: the embedded one is large.
async function openServer(url: string, onWarning: (error: Error) => void): Promise<SqlDatabase> {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'millrace-state',
  });
  // Without a listener, the end of an idle connection would end the process.
  pool.on('error', onWarning);
  return {
    query: async <R extends SqlRow>(text: string, values: readonly unknown[] = []) =>
      (await pool.query<R>(text, [...values])).rows,
    close: () => pool.end(),
  };
}

async function openEmbedded(directory: string): Promise<SqlDatabase> {
  const { PGlite } = await import('@electric-sql/pglite');
  const dataDir = directory === '' ? {} : { dataDir: directory };
  const pglite = await PGlite.create({ ...dataDir, postgresqlconf: EMBEDDED_SETTINGS });
  return {
    query: async <R extends SqlRow>(text: string, values: readonly unknown[] = []) =>
      (await pglite.query<R>(text, [...values])).rows,
    close: async () => {
      if (!pglite.closed) await pglite.close();
    },
  };
}
