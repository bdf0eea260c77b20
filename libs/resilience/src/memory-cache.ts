import { LRUCache } from 'lru-cache';

export interface MemoryCacheOptions {
  /** What all entries take together at most, in bytes, about; 0 keeps nothing. */
  readonly maxBytes: number;
  readonly maxEntries: number;
  /** A larger text is not kept, in bytes. */
  readonly maxEntryBytes: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** A text that is kept for a while. */
export interface CachedText {
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** By any of these it is invalidated. */
  readonly tags: readonly string[];
}

/** What an entry takes beside its text and its key, in bytes, about. */
const ENTRY_BYTES = 200;

/** Texts in the memory of this process, bounded in number and bytes; what was not used for longest goes first. */
export class MemoryCache {
  readonly #entries: LRUCache<string, CachedText> | undefined;
  readonly #now: () => number;
  /** A larger text is not kept, in bytes. */
  readonly maxEntryBytes: number;
  /** Keys by tag, of those entries that are there. */
  readonly #tagged = new Map<string, Set<string>>();

  constructor({ maxBytes, maxEntries, maxEntryBytes, now = Date.now }: MemoryCacheOptions) {
    this.#now = now;
    this.maxEntryBytes = Math.min(maxEntryBytes, maxBytes);
    if (maxBytes === 0 || maxEntries === 0) return;
    this.#entries = new LRUCache<string, CachedText>({
      max: maxEntries,
      maxSize: maxBytes,
      dispose: ({ tags }, key) => this.#untag(key, tags),
    });
  }

  /** What the entries take, in bytes, about. */
  get bytes(): number {
    return this.#entries?.calculatedSize ?? 0;
  }

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  /** @returns undefined also for what has expired */
  get(key: string): CachedText | undefined {
    const entry = this.#entries?.get(key);
    if (entry === undefined || entry.expiresAt > this.#now()) return entry;
    this.#entries?.delete(key);
    return undefined;
  }

  /** @param ttlMs how long it is kept at most, in milliseconds */
  set(key: string, text: string, ttlMs: number, tags: readonly string[] = []): void {
    const copy = ownCopy(text);
    if (!this.#entries || ttlMs <= 0 || copy.bytes > this.maxEntryBytes) return;
    const entry = { text: copy.text, expiresAt: this.#now() + ttlMs, tags };
    // The one that it replaces is disposed of first, and loses its tags.
    this.#entries.set(key, entry, { size: copy.bytes + 2 * key.length + ENTRY_BYTES });
    if (tags.length > 0 && this.#entries.has(key)) this.#tag(key, tags);
  }

  /** Forgets every entry that has one of these tags. */
  invalidate(tags: readonly string[]): void {
    for (const tag of tags) for (const key of [...(this.#tagged.get(tag) ?? [])]) this.#entries?.delete(key);
  }

  /** Forgets every entry that has a tag: nobody knows which of them still hold. */
  invalidateTagged(): void {
    this.invalidate([...this.#tagged.keys()]);
  }

  clear(): void {
    this.#entries?.clear();
  }

  #tag(key: string, tags: readonly string[]): void {
    for (const tag of tags) {
      const keys = this.#tagged.get(tag);
      if (keys) keys.add(key);
      else this.#tagged.set(tag, new Set([key]));
    }
  }

  #untag(key: string, tags: readonly string[]): void {
    for (const tag of tags) {
      const keys = this.#tagged.get(tag);
      if (keys?.delete(key) && keys.size === 0) this.#tagged.delete(tag);
    }
  }
}

/** A text that is cut out of a larger one would keep the whole of that in memory. */
function ownCopy(text: string): { text: string; bytes: number } {
  const buffer = Buffer.from(text);
  // The engine takes one byte for each character of a text of ASCII alone, and two for those of any other.
  const bytes = buffer.length === text.length ? text.length : 2 * text.length;
  return { text: buffer.toString(), bytes };
}
