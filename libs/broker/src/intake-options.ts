import type { Call } from '@millrace/protocol';
import type { Abandoned, Delivery } from './delivery.ts';
import type { Keys } from './keys.ts';
import type { RedisSource } from './redis-source.ts';

export interface IntakeOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly pool: string;
  /** How long a silent worker keeps its batches, in milliseconds; then others take them. */
  readonly lockMs: number;
  /** Free slots of the process at this moment. */
  readonly freeSlots: () => number;
  /** Works on a batch until each of its calls is answered. Rejects with `TryAgain` for it to come again. */
  readonly onDelivery: (delivery: Delivery) => Promise<void>;
  /** Told how long each batch has waited on the queue, in milliseconds, and how many calls it has. */
  readonly onTaken?: (waitMs: number, calls: number) => void;
  /** Told of each batch that is taken away from a worker that was lost. */
  readonly onStalled?: () => void;
  /** Told of a batch that nobody will take again: its workers died too often, or work on it failed. */
  readonly onAbandoned?: (abandoned: Abandoned) => Promise<void>;
  /** Deaths of workers after which a batch is given up; 3 unless given. */
  readonly maxDeaths?: number;
  /** Gives a call what it needs when it leaves its batch. */
  readonly apart?: ((call: Call) => Call) | undefined;
  /** Newest version of the envelope that is read; this release's own unless given. */
  readonly envelope?: number;
}
