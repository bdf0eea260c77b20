import { MillraceError } from '@millrace/protocol';
import type { Clock, Logger, Service } from '@millrace/service';
import { AuditChain, type AuditKeys } from './audit-chain.ts';
import type { AuditLine, AuditRecord } from './audit-record.ts';

/** Somewhere that lines go. Rejects when they may not have got there. */
export interface AuditSink {
  write(lines: readonly AuditLine[]): Promise<void>;
  close(): Promise<void>;
}

export interface AuditLogOptions {
  /** Names the process. */
  readonly chain: string;
  readonly keys: AuditKeys;
  readonly sinks: readonly AuditSink[];
  /** Whether nothing may be done that is not on record. */
  readonly blocks: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told how many lines were written, or lost. */
  readonly onWritten?: (lines: number) => void;
  readonly onLost?: (lines: number) => void;
}

type Draft = Omit<AuditRecord, 'at' | 'lost'>;

interface Waiting {
  readonly line: AuditLine;
  readonly settle: ((error?: unknown) => void) | undefined;
}

/** Lines that wait while a sink is slow; more than that are lost, and counted. */
const MAX_WAITING = 100_000;

/** Writes what happens to all sinks, the lines of one turn of the event loop together. */
export class AuditLog implements Service {
  readonly #options: AuditLogOptions;
  readonly #chain: AuditChain;
  #waiting: Waiting[] = [];
  #lost = 0;
  #writing: Promise<void> | undefined;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#chain = new AuditChain(options.chain, options.keys);
  }

  /** Whether a request must wait until it is on record. */
  get blocks(): boolean {
    return this.#options.blocks;
  }

  async start(): Promise<void> {
    return;
  }

  /** Resolves when all is written, or lost. */
  async stop(): Promise<void> {
    while (this.#writing) await this.#writing;
    for (const sink of this.#options.sinks) await sink.close();
  }

  /** Notes something; should it be lost, that is counted and told. */
  add(draft: Draft): void {
    this.#enqueue(draft, undefined);
  }

  /** Resolves when it is on record everywhere. Rejects with `audit_unavailable` when it may not be. */
  write(draft: Draft): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#enqueue(draft, (cause) => (cause === undefined ? resolve() : reject(unavailable(cause))));
    });
  }

  #enqueue(draft: Draft, settle: Waiting['settle']): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#lose(1);
      settle?.(new Error('too many records wait'));
      return;
    }
    const at = new Date(this.#options.clock.now()).toISOString();
    const lost = this.#lost > 0 ? { lost: this.#lost } : undefined;
    this.#lost = 0;
    this.#waiting.push({ line: this.#chain.next({ at, ...draft, ...lost }), settle });
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#writeBatch(batch);
    }
    this.#writing = undefined;
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const lines = batch.map(({ line }) => line);
    const ends = await Promise.allSettled(this.#options.sinks.map((sink) => sink.write(lines)));
    const failure = ends.find((end) => end.status === 'rejected');
    if (failure) this.#fail(lines, failure.reason);
    else this.#options.onWritten?.(lines.length);
    for (const { settle } of batch) settle?.(failure?.reason);
  }

  #fail(lines: readonly AuditLine[], cause: unknown): void {
    // With those that the lines themselves would have told of.
    this.#lost += lines.reduce((sum, { record }) => sum + (record.lost ?? 0), 0);
    this.#lose(lines.length);
    this.#options.logger.error({ err: cause, lines: lines.length }, 'audit records were not written');
  }

  /** The next line that is written says so. */
  #lose(lines: number): void {
    this.#lost += lines;
    this.#options.onLost?.(lines);
  }
}

function unavailable(cause: unknown): MillraceError {
  return new MillraceError('audit_unavailable', 'The audit log cannot be written', {
    cause,
    retryAfterMs: 1_000,
  });
}
