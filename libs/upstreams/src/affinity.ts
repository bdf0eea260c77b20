import { AFFINITY_META_KEY, affinityOwnerOf, type Call, MillraceError } from '@millrace/protocol';

/** Sessions whose process is gone and that do not know it yet; the oldest are forgotten. */
const MOST_LOST = 10_000;

/**
 * Whose process a call needs.
 *
 * @throws MillraceError `invalid_params` when the call has neither a session nor a handle
 */
export function ownerOf(call: Call, upstream: string): string {
  const owner = affinityOwnerOf(call);
  if (owner !== undefined) return owner;
  throw new MillraceError(
    'invalid_params',
    `_meta["${AFFINITY_META_KEY}"]: the upstream "${upstream}" keeps state; name the handle that it is kept under`,
    { details: { field: `_meta.${AFFINITY_META_KEY}`, upstream } },
  );
}

/** Remembers whose state was lost, until they have been told. */
export class LostOwners {
  readonly #lost = new Set<string>();

  add(owner: string): void {
    this.#lost.add(owner);
    const [oldest] = this.#lost;
    if (this.#lost.size > MOST_LOST && oldest !== undefined) this.#lost.delete(oldest);
  }

  /** @returns whether the owner has to be told now; it is told once */
  tell(owner: string): boolean {
    return this.#lost.delete(owner);
  }
}
