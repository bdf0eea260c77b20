import { newVersion } from './entry-version.ts';
import { askDatabase, type SqlDatabase, type SqlRow } from './sql-database.ts';
import type { Entry, StateStore } from './state-store.ts';

/** How often entries that nobody can read any more are removed, in milliseconds. */
const SWEEP_MS = 60_000;

const EXPIRY = `now() + $4::float8 * interval '1 millisecond'`;

const GET = `
SELECT value, version, (extract(epoch FROM expires_at) * 1000)::float8 AS expires_at
FROM millrace_contexts WHERE key = $1 AND expires_at > now()`;

const SET = `
INSERT INTO millrace_contexts (key, version, value, expires_at) VALUES ($1, $2, $3, ${EXPIRY})
ON CONFLICT (key) DO UPDATE
SET version = excluded.version, value = excluded.value, expires_at = excluded.expires_at`;

/** What has expired is not there, even if nobody has removed it yet. */
const CREATE = `${SET} WHERE millrace_contexts.expires_at <= now() RETURNING key`;

const REPLACE = `
UPDATE millrace_contexts SET version = $2, value = $3, expires_at = ${EXPIRY}
WHERE key = $1 AND version = $5 AND expires_at > now() RETURNING key`;

const DELETE = 'DELETE FROM millrace_contexts WHERE key = $1 RETURNING expires_at > now() AS there';

interface EntryRow extends SqlRow {
  readonly value: string;
  readonly version: string;
  readonly expires_at: number;
}

export interface PostgresStateStoreOptions {
  /** Migrated already; who opened it closes it. */
  readonly database: SqlDatabase;
  readonly onWarning?: (error: Error) => void;
}

/** Keeps entries in Postgres. Time is that of the database, so that the clocks of workers may differ. */
export class PostgresStateStore implements StateStore {
  readonly #database: SqlDatabase;
  readonly #onWarning: (error: Error) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor({ database, onWarning = () => {} }: PostgresStateStoreOptions) {
    this.#database = database;
    this.#onWarning = onWarning;
  }

  async start(): Promise<void> {
    this.#timer ??= setInterval(() => void this.sweep().catch(this.#onWarning), SWEEP_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async get(key: string): Promise<Entry | undefined> {
    const [row] = await this.#ask<EntryRow>(GET, [key]);
    return row && { value: row.value, version: row.version, expiresAt: row.expires_at };
  }

  async set(key: string, value: string, ttlMs: number): Promise<string> {
    const version = newVersion();
    await this.#ask(SET, [key, version, value, ttlMs]);
    return version;
  }

  async compareAndSet(
    key: string,
    expected: string | undefined,
    value: string,
    ttlMs: number,
  ): Promise<string | undefined> {
    const version = newVersion();
    const values = [key, version, value, ttlMs];
    const rows = await (expected === undefined
      ? this.#ask(CREATE, values)
      : this.#ask(REPLACE, [...values, expected]));
    return rows.length > 0 ? version : undefined;
  }

  async delete(key: string): Promise<boolean> {
    const [row] = await this.#ask(DELETE, [key]);
    return row?.['there'] === true;
  }

  /** Removes what has expired; done by itself once a minute. */
  async sweep(): Promise<void> {
    await this.#ask('DELETE FROM millrace_contexts WHERE expires_at <= now()', []);
  }

  #ask<R extends SqlRow>(text: string, values: readonly unknown[]): Promise<R[]> {
    return askDatabase<R>(this.#database, text, values);
  }
}
