import { Pool, TimeoutError } from 'tarn';

export interface ResourcePoolOptions<R extends object> {
  /** Names the pool in errors and metrics. */
  readonly name: string;
  /** Opens one resource. */
  readonly create: () => Promise<R>;
  /** Closes one. */
  readonly destroy: (resource: R) => void | Promise<void>;
  /** Asked before each loan: one that is not well is destroyed, and another takes its place. All are well unless given. */
  readonly validate?: (resource: R) => boolean | Promise<boolean>;
  /** Resources at the same time at most. */
  readonly max: number;
  /** Resources that are kept although nobody needs them; 0 unless given. */
  readonly min?: number;
  /** How long a borrower waits at most, in milliseconds; 5 s unless given. */
  readonly maxWaitMs?: number;
  /** Borrowers that may wait at the same time; more are refused at once; 1,000 unless given. */
  readonly maxWaiting?: number;
  /** After how long without use a resource is destroyed, in milliseconds; 30 s unless given. */
  readonly idleMs?: number;
  /** Told after each change. */
  readonly onChange?: (figures: ResourcePoolFigures) => void;
  /** Told of a resource that could not be closed; nobody is told unless given. */
  readonly onWarning?: (message: string) => void;
}

export interface ResourcePoolFigures {
  readonly idle: number;
  readonly borrowed: number;
  /** Borrowers that wait for a resource. */
  readonly waiting: number;
}

/** How long to wait for a resource; the shorter of this and the pool's own limit counts. */
export interface Borrowing {
  /** Milliseconds since the epoch. */
  readonly deadline?: number;
  readonly signal?: AbortSignal;
}

export type PoolRefusal = 'crowded' | 'timeout' | 'broken' | 'stopped';

/** A borrower got no resource. Another try may help, unless the pool has stopped. */
export class PoolError extends Error {
  override readonly name = 'PoolError';
  readonly pool: string;
  readonly reason: PoolRefusal;

  constructor(pool: string, reason: PoolRefusal, cause?: unknown) {
    super(`No resource of the pool ${pool}: ${REASONS[reason]}`, { cause });
    this.pool = pool;
    this.reason = reason;
  }
}

const REASONS: Readonly<Record<PoolRefusal, string>> = {
  crowded: 'too many wait for one already',
  timeout: 'none became free in time',
  broken: 'none could be opened',
  stopped: 'it has stopped',
};

const MAX_WAIT_MS = 5_000;
const MAX_WAITING = 1_000;
const IDLE_MS = 30_000;
/** How often the pool looks for idle resources at most, in milliseconds. */
const LOOK_MS = 1_000;

/**
 * A bounded number of things that are costly to open and cannot be shared, such as connections or processes. They are
 * opened when they are needed, checked before they are lent, and closed when nobody has needed them for a while.
 */
export class ResourcePool<R extends object> {
  readonly #options: ResourcePoolOptions<R>;
  readonly #pool: Pool<R>;
  /** What ends the wait of each that waits. */
  readonly #waiting = new Set<(reason: unknown) => void>();
  #stopped: Promise<void> | undefined;

  /** @throws Error that names the pool and the field that is wrong */
  constructor(options: ResourcePoolOptions<R>) {
    checkLimits(options);
    this.#options = options;
    const { create, destroy, max, min = 0, maxWaitMs = MAX_WAIT_MS, idleMs = IDLE_MS, onWarning } = options;
    this.#pool = new Pool<R>({
      // The library would take a function with a parameter for one that wants a callback.
      create: () => create(),
      destroy,
      // It may be a promise, which the types of the library do not know.
      validate: (resource) => this.#isWell(resource) as unknown as boolean,
      min,
      max,
      acquireTimeoutMillis: maxWaitMs,
      createTimeoutMillis: maxWaitMs,
      idleTimeoutMillis: idleMs,
      reapIntervalMillis: Math.min(LOOK_MS, idleMs),
      propagateCreateError: true,
      ...(onWarning && { log: onWarning }),
    });
    this.#watch();
  }

  get figures(): ResourcePoolFigures {
    return { idle: this.#pool.numFree(), borrowed: this.#pool.numUsed(), waiting: this.#waiting.size };
  }

  /**
   * Lends a resource for as long as the work takes.
   *
   * @throws PoolError when there is none in time, or the reason of the signal
   */
  async use<T>(work: (resource: R) => T | Promise<T>, borrowing: Borrowing = {}): Promise<T> {
    const resource = await this.#borrow(borrowing);
    try {
      return await work(resource);
    } finally {
      this.#pool.release(resource);
    }
  }

  /** Does nothing: resources are opened when they are needed. */
  async start(): Promise<void> {}

  /**
   * Lends nothing any more, and resolves when all that is lent has come back and all is closed, or at the deadline.
   *
   * @param deadline milliseconds since the epoch
   */
  async stop(deadline?: number): Promise<void> {
    this.#stopped ??= this.#pool.destroy().then(() => this.#options.onChange?.(this.figures));
    for (const giveUp of this.#waiting) giveUp(new PoolError(this.#options.name, 'stopped'));
    await (deadline === undefined ? this.#stopped : Promise.race([this.#stopped, until(deadline)]));
  }

  async #isWell(resource: R): Promise<boolean> {
    const { validate } = this.#options;
    return validate === undefined || (await validate(resource));
  }

  async #borrow(borrowing: Borrowing): Promise<R> {
    const { name, maxWaiting = MAX_WAITING } = this.#options;
    borrowing.signal?.throwIfAborted();
    if (this.#stopped) throw new PoolError(name, 'stopped');
    if (this.#waiting.size >= maxWaiting) throw new PoolError(name, 'crowded');
    const wait = Promise.withResolvers<never>();
    this.#waiting.add(wait.reject);
    const endWatch = this.#watchWait(borrowing, wait.reject);
    try {
      return await this.#firstOf(this.#pool.acquire().promise, wait.promise);
    } finally {
      endWatch();
      this.#waiting.delete(wait.reject);
      this.#changed();
    }
  }

  /**
   * Who gave up leaves their place in line to nobody, and what they get there goes back: the library may lose a
   * resource when it is told to abort a loan.
   */
  async #firstOf(loan: Promise<R>, givenUp: Promise<never>): Promise<R> {
    const got = loan.catch((cause: unknown) => {
      throw new PoolError(this.#options.name, cause instanceof TimeoutError ? 'timeout' : 'broken', cause);
    });
    try {
      return await Promise.race([got, givenUp]);
    } catch (error) {
      got.then((resource) => this.#pool.release(resource), ignore);
      throw error;
    }
  }

  /** @returns what ends the watch */
  #watchWait({ deadline, signal }: Borrowing, giveUp: (reason: unknown) => void): () => void {
    const late = () => giveUp(new PoolError(this.#options.name, 'timeout'));
    const timer = deadline === undefined ? undefined : setTimeout(late, Math.max(0, deadline - Date.now()));
    const aborted = () => giveUp(signal?.reason);
    signal?.addEventListener('abort', aborted, { once: true });
    this.#changed();
    return () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    };
  }

  #watch(): void {
    const changed = () => this.#changed();
    for (const event of ['release', 'createSuccess', 'destroySuccess'] as const) {
      this.#pool.on(event as 'release', changed);
    }
  }

  /** The library tells of some changes before it makes them. */
  #changed(): void {
    const { onChange } = this.#options;
    if (onChange) queueMicrotask(() => onChange(this.figures));
  }
}

/** It was told already, to who waited. */
function ignore(): void {}

type Limits = Pick<
  ResourcePoolOptions<object>,
  'name' | 'max' | 'min' | 'maxWaitMs' | 'maxWaiting' | 'idleMs'
>;

function checkLimits(options: Limits): void {
  const { name, min = 0, max } = options;
  if (min > max) throw new Error(`Pool ${name}: min (${min}) exceeds max (${max})`);
  for (const field of ['max', 'min', 'maxWaitMs', 'maxWaiting', 'idleMs'] as const) {
    const value = options[field];
    const least = field === 'min' || field === 'maxWaiting' ? 0 : 1;
    if (value !== undefined && !(Number.isInteger(value) && value >= least)) {
      throw new Error(`Pool ${name}: ${field} is ${value}: expected an integer from ${least}`);
    }
  }
}

function until(deadline: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, deadline - Date.now())).unref();
  });
}
