import type { PluginLog } from '@millrace/toolkit';
import type { Pooled } from './pool-member.ts';
import type { Restarts, StartFailure } from './restarts.ts';
import type { UpstreamSettings } from './settings.ts';

export type PoolLimits = Pick<
  UpstreamSettings,
  | 'name'
  | 'min'
  | 'max'
  | 'concurrency'
  | 'recycleAfterCalls'
  | 'recycleAfterMs'
  | 'idleStopMs'
  | 'healthMs'
  | 'healthTimeoutMs'
>;

export interface ProcessPoolOptions<Connection extends Pooled> {
  readonly limits: PoolLimits;
  /** Starts one more. Rejects, and leaves nothing behind, when that fails or the signal is aborted. */
  readonly open: (signal: AbortSignal) => Promise<Connection>;
  readonly restarts: Restarts;
  /** What an error of a start says of the next one. */
  readonly judge: (error: unknown) => StartFailure;
  /** The error for calls that find no process, and will not find one soon. */
  readonly unavailable: (cause: unknown, retryAfterMs: number) => Error;
  /** Told when a process ended that somebody owned. */
  readonly onOwnerLost?: (owner: string) => void;
  /** Told when a process ended by itself. */
  readonly onLoss?: () => void;
  /** Told when processes or calls came or went. */
  readonly onChange?: () => void;
  readonly log: PluginLog;
  readonly now?: () => number;
}
