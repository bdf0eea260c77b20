/** One line of the audit log: what somebody wanted, whether they might, and what came of it. */
export interface AuditRecord {
  /** ISO 8601. */
  readonly at: string;
  /** `begun` stands before what may take long, where nothing may be done that is not on record. */
  readonly event: 'begun' | 'ended' | 'refused' | 'lost';
  readonly principal?: string;
  readonly tenant?: string;
  readonly method?: string;
  /** The tool, prompt or resource. */
  readonly name?: string;
  /** Without what looks like a secret. */
  readonly arguments?: unknown;
  readonly decision?: 'allowed' | 'denied';
  /** `result`, `tool_error`, `abandoned`, or the name of an error. */
  readonly outcome?: string;
  readonly durationMs?: number;
  /** Address that the request came from. */
  readonly source?: string;
  readonly requestId?: string;
  readonly traceId?: string;
  /** Records that could not be written before this one. */
  readonly lost?: number;
}

/** A record in its chain: whoever removes or changes one breaks the hashes of those that follow. */
export interface AuditLine {
  /** The process that wrote it. */
  readonly chain: string;
  /** Counts the lines of the chain, from 1. */
  readonly seq: number;
  /** Hash of the line before; empty for the first one. */
  readonly prev: string;
  readonly record: AuditRecord;
  readonly hash: string;
}
