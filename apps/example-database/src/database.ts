import { ToolError } from '@millrace/toolkit';

export type Row = Record<string, unknown>;

/** As much of a Postgres database as the example needs. */
export interface Database {
  /**
   * Runs one statement.
   * @param values stand for $1, $2 … of the text; user input goes nowhere else
   * @returns the rows, timestamps as `Date`
   */
  query<R extends Row = Row>(text: string, values?: readonly unknown[]): Promise<R[]>;
  close(): Promise<void>;
}

/** What a client is told when the database does not answer; the reason, which may name hosts, stays in the log. */
export function unavailable(cause: unknown): ToolError {
  return new ToolError('The database does not answer', {
    retryable: true,
    suggestions: ['Try again in some seconds.'],
    cause,
  });
}
