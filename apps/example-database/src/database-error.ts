import { ToolError, type ToolErrorOptions } from '@millrace/toolkit';

/** What a client is told of one kind of failure. */
interface Verdict extends ToolErrorOptions {
  readonly message: string;
}

const UNIQUE_VIOLATION = '23505';
const QUERY_CANCELED = '57014';

/** How long to wait before the next try, in milliseconds: for a race that was lost, and for a server that is away. */
const RACE_MS = 50;
const AWAY_MS = 2_000;

const LOST_RACE: Verdict = {
  message: 'Another change to the same data came first',
  type: 'conflict',
  retryAfterMs: RACE_MS,
};

const UNAVAILABLE: Verdict = {
  message: 'The database does not answer',
  type: 'unavailable',
  retryAfterMs: AWAY_MS,
  suggestions: ['Try again in some seconds.'],
};

/** By SQLSTATE, or by its first two characters, which are its class (PostgreSQL documentation, appendix A). */
const VERDICTS: Readonly<Record<string, Verdict>> = {
  [UNIQUE_VIOLATION]: { message: 'A value is taken already', type: 'conflict' },
  '23503': { message: 'A value names something that is not there', type: 'conflict' },
  '23': { message: 'The database does not allow a value', type: 'validation' },
  '22': { message: 'The database does not understand a value', type: 'validation' },
  '40': LOST_RACE,
  [QUERY_CANCELED]: {
    message: 'The database took too long',
    type: 'timeout',
    retryable: true,
    suggestions: ['Ask for less at once.'],
  },
  // Connection lost; no memory, disk or connection left; shutting down.
  '08': UNAVAILABLE,
  '53': UNAVAILABLE,
  '57': UNAVAILABLE,
};

/** Mistakes of ours, such as a statement that is wrong: they are not the client's to read. */
const OTHER: Verdict = { message: 'The database refused the statement', type: 'internal_server_error' };

/** A failure of the database by its class. What the server said, which may name hosts and values, stays in the log. */
export class DatabaseError extends ToolError {
  /** The constraint that was violated, if one was. */
  readonly constraint: string | undefined;
  readonly #state: string | undefined;

  /** @param cause what the driver threw */
  constructor(cause: unknown) {
    const { state, constraint } = readServerError(cause);
    const { message, ...verdict } = verdictOf(state);
    super(message, { ...verdict, ...(constraint !== undefined && { details: { constraint } }), cause });
    this.constraint = constraint;
    this.#state = state;
  }

  /** Whether a value is taken that this index allows once only. */
  isDuplicateIn(index: string): boolean {
    return this.#state === UNIQUE_VIOLATION && this.constraint === index;
  }
}

function verdictOf(state: string | undefined): Verdict {
  // What is not the server's answer is a failure of the connection to it.
  if (state === undefined) return UNAVAILABLE;
  return VERDICTS[state] ?? VERDICTS[state.slice(0, 2)] ?? OTHER;
}

/** Both drivers give the fields of the server's answer the same names; errors of sockets have a code, too. */
function readServerError(thrown: unknown): { state?: string; constraint?: string } {
  const { severity, code, constraint } = (thrown ?? {}) as Record<string, unknown>;
  if (typeof severity !== 'string' || typeof code !== 'string') return {};
  return { state: code, ...(typeof constraint === 'string' && { constraint }) };
}
