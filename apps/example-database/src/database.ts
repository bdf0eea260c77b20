export type Row = Record<string, unknown>;

/** A way to run statements: each by itself, or all within a transaction. */
export interface Statements {
  /**
   * Runs one statement.
   * @param values stand for $1, $2 … of the text; user input goes nowhere else
   * @returns the rows, timestamps as `Date`
   * @throws DatabaseError
   */
  query<R extends Row = Row>(text: string, values?: readonly unknown[]): Promise<R[]>;
}

/** As much of a Postgres database as the example needs. */
export interface Database extends Statements {
  /** Runs the work in a transaction: all that it writes is kept, or nothing when it throws. */
  transaction<T>(work: (statements: Statements) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
