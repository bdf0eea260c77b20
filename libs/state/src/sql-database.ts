import { StateError, unavailable } from './state-error.ts';

export type SqlRow = Record<string, unknown>;

/** As much of a Postgres database as the stores need. */
export interface SqlDatabase {
  /** Runs one statement. @param values stand for $1, $2 … @returns the rows */
  query<R extends SqlRow = SqlRow>(text: string, values?: readonly unknown[]): Promise<R[]>;
  close(): Promise<void>;
}

const UNIQUE_VIOLATION = '23505';

/** Classes of SQLSTATE that pass: no connection, a race, no memory or connection left, shutting down. */
const PASSING = new Set(['08', '40', '53', '57']);

/** @throws StateError: `unavailable` for what may pass, else `failed` */
export async function askDatabase<R extends SqlRow>(
  database: Pick<SqlDatabase, 'query'>,
  text: string,
  values: readonly unknown[],
): Promise<R[]> {
  try {
    return await database.query<R>(text, values);
  } catch (error) {
    const state = sqlState(error);
    if (state === undefined || PASSING.has(state.slice(0, 2))) throw unavailable('Postgres', error);
    throw new StateError('failed', 'Postgres refused a statement: nothing was kept', { cause: error });
  }
}

/** Whether a `StateError` comes from a row that is there already. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof StateError && sqlState(error.cause) === UNIQUE_VIOLATION;
}

/** What is not the server's answer has none; who wraps the driver's errors chains them. */
function sqlState(error: unknown): string | undefined {
  const { severity, code, cause } = (error ?? {}) as Record<string, unknown>;
  if (typeof severity === 'string' && typeof code === 'string') return code;
  return cause === undefined || cause === error ? undefined : sqlState(cause);
}
