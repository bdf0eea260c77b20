/** The way to a server broke while, or before, it worked on a request. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
  /** Whether the server may have begun with the request. */
  readonly begun: boolean;
  /** Whether somebody killed the process from outside. */
  readonly killed: boolean;

  constructor(message: string, options: ConnectionLostOptions) {
    super(message, { cause: options.cause });
    this.begun = options.begun;
    this.killed = wasKilled(options.how);
  }
}

export interface ConnectionLostOptions {
  readonly begun: boolean;
  /** How the process ended, where that is known. */
  readonly how?: string;
  readonly cause?: unknown;
}

/** Whether an end such as `SIGKILL` or `exit code 1` was somebody else's doing. */
export function wasKilled(how: string | undefined): boolean {
  return how === 'SIGKILL' || how === 'SIGTERM';
}
