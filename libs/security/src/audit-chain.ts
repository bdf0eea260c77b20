import { createHash } from 'node:crypto';
import type { AuditLine, AuditRecord } from './audit-record.ts';
import type { ClusterKeys } from './cluster-keys.ts';

/** Signs lines with the secret of the cluster; without one they are only hashed, and whoever may write can hash. */
export type AuditKeys = Pick<ClusterKeys, 'sign' | 'verifies'> | undefined;

/** The lines that one process writes. */
export class AuditChain {
  readonly #chain: string;
  readonly #keys: AuditKeys;
  #seq = 0;
  #prev = '';

  /** @param chain names the process */
  constructor(chain: string, keys: AuditKeys) {
    this.#chain = chain;
    this.#keys = keys;
  }

  next(record: AuditRecord): AuditLine {
    this.#seq += 1;
    const line = { chain: this.#chain, seq: this.#seq, prev: this.#prev, record };
    const text = textOf(line);
    const hash = this.#keys ? this.#keys.sign('audit', text) : hashOf(text);
    this.#prev = hash;
    return { ...line, hash };
  }
}

/** What a chain ended with, as it was noted beside the log. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

/**
 * Checks lines, the older before the newer.
 *
 * @param heads by chain, where they are known: without them nobody sees that the end of a chain is missing
 * @returns what is wrong, one text for each
 */
export function verifyAudit(
  lines: Iterable<AuditLine>,
  keys: AuditKeys,
  heads: ReadonlyMap<string, AuditHead> = new Map(),
): readonly string[] {
  const problems: string[] = [];
  const last = new Map<string, AuditLine>();
  for (const line of lines) {
    problems.push(...problemsOf(line, last.get(line.chain), keys));
    last.set(line.chain, line);
  }
  for (const [chain, head] of heads) {
    const end = last.get(chain);
    if (end?.seq === head.seq && end.hash === head.hash) continue;
    problems.push(`${chain}: ends with line ${end?.seq ?? 0}, but line ${head.seq} was written`);
  }
  return problems;
}

function problemsOf(line: AuditLine, before: AuditLine | undefined, keys: AuditKeys): string[] {
  const { chain, seq, prev, record, hash } = line;
  const text = textOf({ chain, seq, prev, record });
  const isTrue = keys ? keys.verifies('audit', text, hash) : hash === hashOf(text);
  if (!isTrue) return [`${chain}: line ${seq} was changed`];
  const missing = seq - (before?.seq ?? 0) - 1;
  if (missing < 0) return [`${chain}: line ${seq} stands after line ${before?.seq}`];
  // That lines were lost while the log could not be written is on record, and cannot be made up later.
  if (missing > 0)
    return missing <= (record.lost ?? 0) ? [] : [`${chain}: ${missing} lines before line ${seq} are missing`];
  return prev === (before?.hash ?? '') ? [] : [`${chain}: line ${seq} does not follow the line before it`];
}

function textOf({ chain, seq, prev, record }: Omit<AuditLine, 'hash'>): string {
  return JSON.stringify([chain, seq, prev, record]);
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
