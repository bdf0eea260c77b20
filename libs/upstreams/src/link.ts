import type { Transport } from '@modelcontextprotocol/client';

/** The way to one running server: a process of our own, or a session over HTTP. */
export interface Link {
  readonly transport: Transport;
  /** Id of the process; absent where there is none of ours. */
  readonly pid?: number;
  /** Resolves as soon as it takes nothing more. */
  readonly closed: Promise<unknown>;
  /** Resolves with how it ended, when nothing of it is left. */
  readonly ended: Promise<string>;
  /** What the server said last for people, the newest line last. */
  readonly lastWords: readonly string[];
  /** Ends it. Resolves when nothing of it is left. */
  stop(): Promise<void>;
}
