/** A result that is being worked out, to be kept under these tags. */
export interface CacheFill {
  readonly tags: readonly string[];
  /** Whether one of the tags was invalidated since the work began: the result may be of before that. */
  spoiled: boolean;
}

/** The results that are being worked out for the cache of this process. */
export class CacheFills {
  readonly #fills = new Set<CacheFill>();

  get size(): number {
    return this.#fills.size;
  }

  begin(tags: readonly string[]): CacheFill {
    const fill = { tags, spoiled: false };
    // What has no tags cannot be invalidated.
    if (tags.length > 0) this.#fills.add(fill);
    return fill;
  }

  end(fill: CacheFill): void {
    this.#fills.delete(fill);
  }

  spoil(tags: readonly string[]): void {
    for (const fill of this.#fills) if (fill.tags.some((tag) => tags.includes(tag))) fill.spoiled = true;
  }

  spoilAll(): void {
    for (const fill of this.#fills) fill.spoiled = true;
  }
}
