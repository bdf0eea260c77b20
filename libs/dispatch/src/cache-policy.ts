import { type SharedCache, type SharedEntry, withPatience } from '@millrace/broker';
import type { ToolPolicies } from '@millrace/protocol';
import type { CachedText, MemoryCache } from '@millrace/resilience';
import type { Logger, Metrics } from '@millrace/service';
import { type CacheFill, CacheFills } from './cache-fills.ts';
import { tagNames } from './cache-tag-names.ts';
import type { CallPolicy, Pass, Passage } from './call-policies.ts';
import { comparableKey } from './comparable-call.ts';
import { requestFields } from './request-fields.ts';
import { keepFor, withHints } from './result-text.ts';
import type { Route } from './router.ts';
import { TappedAnswer } from './tapped-answer.ts';

/** How long a call waits for Redis before it goes on without the cache, in milliseconds. */
const PATIENCE_MS = 250;

export interface CachePolicyOptions {
  readonly memory: MemoryCache;
  readonly shared: Pick<SharedCache, 'read' | 'store'>;
  /** Whether this process hears of every invalidation at this moment. */
  readonly hears: () => boolean;
  /** Whether there is no other front door. */
  readonly alone: () => boolean;
  readonly metrics: Pick<Metrics, 'cacheReads' | 'cacheBytes'>;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** A call whose result may be kept. */
interface Fillable {
  readonly passage: Passage;
  readonly settings: NonNullable<ToolPolicies['cache']>;
  readonly key: string;
  readonly fill: CacheFill;
  /** What Redis said; undefined when it was away. */
  found: SharedEntry | undefined;
}

/**
 * Answers calls with results of earlier ones: from the memory of this process without further ado, else from Redis.
 * What is in neither goes on, and its result is kept in both.
 */
export class CachePolicy implements CallPolicy {
  readonly #options: CachePolicyOptions;
  readonly #fills = new CacheFills();
  readonly #counters: Record<'l1Hit' | 'l1Miss' | 'l2Hit' | 'l2Miss', { inc(): void }>;
  readonly #now: () => number;

  constructor(options: CachePolicyOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const { cacheReads } = options.metrics;
    this.#counters = {
      l1Hit: cacheReads.labels('l1', 'hit'),
      l1Miss: cacheReads.labels('l1', 'miss'),
      l2Hit: cacheReads.labels('l2', 'hit'),
      l2Miss: cacheReads.labels('l2', 'miss'),
    };
  }

  appliesTo({ policies }: Route): boolean {
    return policies?.cache !== undefined;
  }

  pass(passage: Passage, next: Pass): void | Promise<void> {
    const { request, route } = passage;
    const settings = route.policies?.cache;
    const key = settings && comparableKey(passage, settings.scope);
    if (settings === undefined || key === undefined) return next(passage);
    const kept = this.#kept(key);
    if (kept) {
      this.#counters.l1Hit.inc();
      passage.trace?.set({ 'millrace.cache': 'l1' });
      passage.answer.result(withHints(kept.text, kept.expiresAt - this.#now(), settings));
      return;
    }
    this.#counters.l1Miss.inc();
    const fill = this.#fills.begin(tagNames(route, request.params));
    return this.#passShared({ passage, settings, key, fill, found: undefined }, next);
  }

  /** Forgets what has one of these tags, here; and does not keep what is being worked out from before that. */
  invalidated(tags: readonly string[]): void {
    this.#options.memory.invalidate(tags);
    this.#fills.spoil(tags);
    this.#options.metrics.cacheBytes.set(this.#options.memory.bytes);
  }

  /** Invalidations may have been missed: nobody knows which of what has tags still counts, Redis excepted. */
  missed(): void {
    this.#options.memory.invalidateTagged();
    this.#fills.spoilAll();
  }

  #kept(key: string): CachedText | undefined {
    const kept = this.#options.memory.get(key);
    return kept && (kept.tags.length === 0 || this.#options.hears()) ? kept : undefined;
  }

  async #passShared(fillable: Fillable, next: Pass): Promise<void> {
    const { passage, settings, key, fill } = fillable;
    const step = passage.trace?.step('cache');
    const found = await this.#read(passage, key, fill.tags);
    step?.set({ 'millrace.cache.hit': found?.text !== undefined });
    step?.end();
    fillable.found = found;
    if (found?.text === undefined) {
      this.#counters.l2Miss.inc();
      return this.#work(fillable, next);
    }
    this.#counters.l2Hit.inc();
    this.#remember(fillable, found.text, found.ttlMs);
    this.#fills.end(fill);
    passage.answer.result(withHints(found.text, found.ttlMs, settings));
  }

  async #work(fillable: Fillable, next: Pass): Promise<void> {
    try {
      const { passage, key, fill } = fillable;
      const lookAgain = () => this.#lookAgain(passage, key, fill.tags);
      await next({ ...passage, answer: this.#fillingAnswer(fillable), lookAgain });
    } catch (error) {
      this.#fills.end(fillable.fill);
      throw error;
    }
  }

  #lookAgain(
    passage: Passage,
    key: string,
    tags: readonly string[],
  ): string | undefined | Promise<string | undefined> {
    const kept = this.#kept(key);
    if (kept || this.#options.alone()) return kept?.text;
    return this.#read(passage, key, tags).then((found) => found?.text);
  }

  async #read({ request }: Passage, key: string, tags: readonly string[]): Promise<SharedEntry | undefined> {
    const { shared, logger } = this.#options;
    try {
      return await withPatience(shared.read(key, tags), PATIENCE_MS);
    } catch (error) {
      const fields = requestFields(request, request.principal);
      logger.debug({ err: error, ...fields }, 'a call goes on without the cache');
      return undefined;
    }
  }

  #fillingAnswer(fillable: Fillable): FillingAnswer {
    return new FillingAnswer(fillable.passage.answer, {
      onResult: (payload, follows) => this.#keep(fillable, payload, follows),
      onEnd: () => this.#fills.end(fillable.fill),
    });
  }

  /** @returns the result as the client gets it */
  #keep(fillable: Fillable, payload: string, follows: boolean): string {
    const { settings, fill, found } = fillable;
    const ttlMs = keepFor(payload, settings);
    if (ttlMs === 0) return payload;
    // Who follows does not know when the work on the result began, and so not what has changed since then.
    if (!follows && !fill.spoiled) {
      if (found !== undefined || fill.tags.length === 0) this.#remember(fillable, payload, ttlMs);
      if (found !== undefined) void this.#store(fillable, payload, { ...found, tags: fill.tags, ttlMs });
    }
    return withHints(payload, ttlMs, settings);
  }

  #remember({ key, fill }: Fillable, text: string, ttlMs: number): void {
    const { memory, metrics, hears } = this.#options;
    if (fill.spoiled || (fill.tags.length > 0 && !hears())) return;
    memory.set(key, text, ttlMs, fill.tags);
    metrics.cacheBytes.set(memory.bytes);
  }

  async #store(
    { key, passage: { request } }: Fillable,
    text: string,
    entry: Parameters<SharedCache['store']>[2],
  ): Promise<void> {
    const { shared, memory, logger } = this.#options;
    if (text.length > memory.maxEntryBytes) return;
    try {
      await shared.store(key, text, entry);
    } catch (error) {
      const fields = requestFields(request, request.principal);
      logger.debug({ err: error, ...fields }, 'a result was not cached for others');
    }
  }
}

interface FillingHooks {
  readonly onResult: (payload: string, follows: boolean) => string;
  readonly onEnd: () => void;
}

/** Keeps a result on its way to the client; not one that came of what the client was asked, which is for it alone. */
class FillingAnswer extends TappedAnswer {
  readonly #hooks: FillingHooks;
  #follows = false;
  #asked = false;

  constructor(to: Passage['answer'], hooks: FillingHooks) {
    super(to);
    this.#hooks = hooks;
  }

  override follows(): void {
    this.#follows = true;
    super.follows();
  }

  override serverRequest(payload: string): void {
    this.#asked = true;
    super.serverRequest(payload);
  }

  override result(payload: string): void {
    const told = this.#asked ? payload : this.#hooks.onResult(payload, this.#follows);
    this.#hooks.onEnd();
    super.result(told);
  }

  override error(status: number, payload: string, retryAfterMs?: number): void {
    this.#hooks.onEnd();
    super.error(status, payload, retryAfterMs);
  }

  override fail(...args: Parameters<TappedAnswer['fail']>): void {
    this.#hooks.onEnd();
    super.fail(...args);
  }

  override onGone(listener: () => void): void {
    super.onGone(() => {
      this.#hooks.onEnd();
      listener();
    });
  }
}
