import type { Service } from '@millrace/service';
import { migrate } from './migrate.ts';
import { type OpenDatabaseOptions, openSqlDatabase } from './open-sql-database.ts';
import type { SqlDatabase, SqlRow } from './sql-database.ts';

/** A database as a service: its start opens it and brings its tables up to date. */
export class ManagedDatabase implements SqlDatabase, Service {
  readonly #url: string;
  readonly #options: OpenDatabaseOptions;
  #database: SqlDatabase | undefined;

  /** @param url see `openSqlDatabase` */
  constructor(url: string, options: OpenDatabaseOptions = {}) {
    this.#url = url;
    this.#options = options;
  }

  async start(): Promise<void> {
    if (this.#database) return;
    const database = await openSqlDatabase(this.#url, this.#options);
    try {
      await migrate(database);
    } catch (error) {
      await database.close();
      throw error;
    }
    this.#database = database;
  }

  stop(): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    const database = this.#database;
    this.#database = undefined;
    await database?.close();
  }

  async query<R extends SqlRow = SqlRow>(text: string, values: readonly unknown[] = []): Promise<R[]> {
    if (!this.#database) throw new Error('The database is not open');
    return this.#database.query<R>(text, values);
  }
}
