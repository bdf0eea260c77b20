import { readdirSync, readFileSync } from 'node:fs';
import type { SqlDatabase } from './sql-database.ts';

/** Any number that nothing else locks on: workers that start at once must migrate one after the other. */
const LOCK = 7_116_429;

const FOLDER = new URL('./migrations/', import.meta.url);
const NAME = /^(\d{4})-[\w-]+\.sql$/;

/**
 * Brings the tables up to date: runs the files of `migrations/` that the database has not seen, in the order of their
 * numbers, each in a transaction of its own. Rejects with what the database said, and the name of the file.
 */
export async function migrate(database: SqlDatabase): Promise<void> {
  for (const file of readdirSync(FOLDER).sort()) {
    const number = NAME.exec(file)?.[1];
    if (number === undefined) throw new Error(`${file} is not named like a migration: NNNN-what.sql`);
    try {
      await database.query(once(Number(number), readFileSync(new URL(file, FOLDER), 'utf8')));
    } catch (error) {
      throw new Error(`The migration ${file} failed`, { cause: error });
    }
  }
}

/** One statement, hence one transaction, at whose end the lock is given back. */
function once(number: number, sql: string): string {
  return `
DO $once$
BEGIN
  PERFORM pg_advisory_xact_lock(${LOCK});
  CREATE TABLE IF NOT EXISTS millrace_migrations (number integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
  IF NOT EXISTS (SELECT FROM millrace_migrations WHERE number = ${number}) THEN
    EXECUTE $migration$${sql}$migration$;
    INSERT INTO millrace_migrations (number) VALUES (${number});
  END IF;
END
$once$`;
}
