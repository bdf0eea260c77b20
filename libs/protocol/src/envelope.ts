import { MillraceError } from './errors.ts';

/**
 * Version of what travels between front doors and workers: batches on their way to the workers, frames on their way
 * back. Raised when the form of either changes. Every release reads all versions up to its own, and writes the newest
 * one that the other side reads: workers announce theirs in the catalogue, and the frames of an answer have the
 * version of the batch that they answer. So releases that are one version apart work in both directions.
 *
 * - 1: the batch names its front door.
 * - 2: the batch names its front door and the version of the frames that it reads; frames may be requests to the
 *   client of a session and pauses, which front doors of version 1 do not know.
 * - 3: what calls of a batch have in common stands in it once.
 */
export const ENVELOPE_VERSION = 3;

/** What a worker reads that announces nothing, and the oldest version that can be written. */
export const OLDEST_ENVELOPE_VERSION = 1;

/** @throws MillraceError `no_migration` when a message is newer than this process can know */
export function checkReadable(what: string, version: unknown, newest: number): void {
  if (typeof version === 'number' && version >= OLDEST_ENVELOPE_VERSION && version <= newest) return;
  throw new MillraceError(
    'no_migration',
    `${what} of version ${version} cannot be read: this process reads versions ${OLDEST_ENVELOPE_VERSION} to ${newest}`,
    { details: { what, from: version, to: newest } },
  );
}
