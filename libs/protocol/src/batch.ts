import type { Call } from './call.ts';
import { checkReadable, ENVELOPE_VERSION } from './envelope.ts';
import type { JsonObject } from './json.ts';
import { Migrations } from './migrations.ts';
import { type PackedCalls, packCalls, unpackCalls } from './packed-calls.ts';

/** Where the frames of a batch go. */
export interface ReplyAddress {
  /** Id of the front door whose reply channel gets them. */
  readonly frontDoor: string;
  /** Version that they must have for that front door. */
  readonly version: number;
}

/** Calls of one front door for one pool that travel as one job. */
export interface Batch {
  readonly replyTo: ReplyAddress;
  readonly calls: readonly Call[];
  /** Workers that died while they had these calls, before the calls were put into this job; none unless given. */
  readonly deaths?: number;
}

/** A batch of any version, as it stands on the queue. */
export type WireBatch = JsonObject & { readonly v: number };

/** The version whose form is that of a `Batch`. */
const PLAIN = 2;

const MIGRATIONS = new Migrations<JsonObject>('batch')
  .register(1, 2, ({ replyTo, ...batch }) => ({ ...batch, replyTo: { frontDoor: replyTo, version: 1 } }))
  .register(2, 1, ({ replyTo, calls, ...batch }) => ({
    ...batch,
    replyTo: (replyTo as ReplyAddress).frontDoor,
    calls: (calls as Call[]).map(withoutSession),
  }))
  .register(2, 3, ({ calls, ...batch }) => ({ ...batch, calls: packCalls(calls as Call[]) }))
  .register(3, 2, ({ calls, ...batch }) => ({ ...batch, calls: unpackCalls(calls as PackedCalls) }));

/**
 * Frames of version 1 cannot carry requests to the client of a session. A call without the session's capabilities
 * makes a tool that needs one fail at once, instead of waiting for an answer that cannot come.
 */
function withoutSession({ session, capabilities, ...call }: Call): Call {
  return call;
}

/** @param version that the workers of the pool can read */
export function writeBatch(batch: Batch, version: number = ENVELOPE_VERSION): WireBatch {
  const migrated = MIGRATIONS.migrate(batch as unknown as JsonObject, PLAIN, version);
  return { ...migrated, v: version };
}

/**
 * @param newest version that is read; lower than this release's own only to stand for an older one
 * @throws MillraceError `no_migration` for a version that this process cannot read
 */
export function readBatch({ v, ...batch }: WireBatch, newest: number = ENVELOPE_VERSION): Batch {
  checkReadable('batch', v, newest);
  return MIGRATIONS.migrate(batch, v, PLAIN) as unknown as Batch;
}
