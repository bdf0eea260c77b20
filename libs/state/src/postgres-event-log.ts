import type { AggregateName, EventLog, LoggedEvent, RecordedEvent, Snapshot } from './event-log.ts';
import { askDatabase, isDuplicate, type SqlDatabase, type SqlRow } from './sql-database.ts';
import { versionConflict } from './version-conflict.ts';

const LAST = `
SELECT coalesce(max(version), 0) AS version FROM millrace_events WHERE tenant = $1 AND aggregate = $2`;

/** Two writers that both see the same last version meet in the primary key. */
const APPEND = `
INSERT INTO millrace_events (tenant, aggregate, version, type, data, at)
SELECT $1, $2, $3::bigint + number, type, data::json, now()
FROM unnest($4::text[], $5::text[]) WITH ORDINALITY AS new(type, data, number)
WHERE $3::bigint = (${LAST})
RETURNING version`;

const READ = `
SELECT version, type, data::text AS data, (extract(epoch FROM at) * 1000)::float8 AS at
FROM millrace_events WHERE tenant = $1 AND aggregate = $2 AND version > $3
ORDER BY version LIMIT $4`;

const SAVE = `
INSERT INTO millrace_snapshots (tenant, aggregate, version, reducer, state) VALUES ($1, $2, $3, $4, $5::json)
ON CONFLICT (tenant, aggregate) DO UPDATE
SET version = excluded.version, reducer = excluded.reducer, state = excluded.state`;

const LOAD = `
SELECT version, reducer, state::text AS state FROM millrace_snapshots WHERE tenant = $1 AND aggregate = $2`;

/** Events as rows, in a database that was migrated. Given a transaction, it writes within that. */
export class PostgresEventLog implements EventLog {
  readonly #database: Pick<SqlDatabase, 'query'>;

  constructor(database: Pick<SqlDatabase, 'query'>) {
    this.#database = database;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async append(name: AggregateName, expected: number, events: readonly LoggedEvent[]): Promise<number> {
    const { tenant, aggregate } = name;
    const types = events.map(({ type }) => type);
    const data = events.map((event) => event.data);
    const rows = await this.#ask(APPEND, [tenant, aggregate, expected, types, data]).catch(
      (error: unknown) => {
        throw isDuplicate(error) ? versionConflict(name, expected, undefined, error) : error;
      },
    );
    if (rows.length === 0) throw versionConflict(name, expected, await this.#lastVersion(name));
    return expected + rows.length;
  }

  async read({ tenant, aggregate }: AggregateName, after: number, limit: number): Promise<RecordedEvent[]> {
    const rows = await this.#ask(READ, [tenant, aggregate, after, limit]);
    return rows.map(({ version, type, data, at }) => ({
      version: Number(version),
      type: String(type),
      data: String(data),
      at: Number(at),
    }));
  }

  async saveSnapshot({ tenant, aggregate }: AggregateName, snapshot: Snapshot): Promise<void> {
    const { version, reducer, state } = snapshot;
    await this.#ask(SAVE, [tenant, aggregate, version, reducer, state]);
  }

  async loadSnapshot({ tenant, aggregate }: AggregateName): Promise<Snapshot | undefined> {
    const [row] = await this.#ask(LOAD, [tenant, aggregate]);
    if (!row) return undefined;
    const { version, reducer, state } = row;
    return { version: Number(version), reducer: Number(reducer), state: String(state) };
  }

  async #lastVersion({ tenant, aggregate }: AggregateName): Promise<number> {
    const [row] = await this.#ask(LAST, [tenant, aggregate]);
    return Number(row?.['version']);
  }

  #ask(text: string, values: readonly unknown[]): Promise<SqlRow[]> {
    return askDatabase(this.#database, text, values);
  }
}
