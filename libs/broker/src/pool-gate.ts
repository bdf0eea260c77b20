import { ANONYMOUS, DEFAULT_PRIORITY, type Frame, isTerminal, type Priority } from '@millrace/protocol';
import type { Clock } from '@millrace/service';
import type { Dispatch } from './dispatch.ts';
import { DrainRate } from './drain-rate.ts';
import { FairQueue, type Waiting } from './fair-queue.ts';
import { type LoadReport, SEVERAL_TENANTS, type SharedLoad, SLICE_MS } from './load-exchange.ts';

/**
 * What may be on the queue beyond the slots: so many milliseconds of work, or for slow tools such a part of the slots,
 * which may all become free at once. No worker ever waits for more.
 */
const AHEAD = { ms: 50, ofSlots: 1 };

/** The same while calls of several tenants or priorities compete: what is on the queue has had its turn. */
const CONTESTED_AHEAD = { ms: 10, ofSlots: 0.25 };

/** Calls beyond three times the slots that may be on the queue before anything is known of the pool. */
const BLIND_CALLS = 64;

/** How long a pool counts as contested after it was, in slices of time. */
const CONTESTED_SLICES = 4;

/** Calls that may overtake the queue one after the other; each other call lets one more do so. */
const MAX_CREDIT = 16;

/** Weight of the newest call in the average of how many share a slot. */
const SHARED_WEIGHT = 0.1;

/** So many answers are a reason to look again how many calls may be on the queue. */
const RESIZE_EVERY = 32;

export interface PoolGateOptions {
  /** Slots of the pool's live workers at this moment. */
  readonly slots: () => number;
  /** Turns of tenants that get more than one in each round. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Whether calls can be put on the queue at this moment; when not, those that wait go on waiting. */
  readonly canSend: () => boolean;
  /** Puts a call on the queue of the pool; an urgent one before the others. */
  readonly send: (dispatch: Dispatch, urgent: boolean) => void;
  /** Ends a call that waits, and that would end so many milliseconds after its deadline. */
  readonly refuse: (dispatch: Dispatch, lateMs: number) => void;
  readonly clock: Clock;
}

/** Where a call waits, and since when, in epoch milliseconds. */
interface Place {
  readonly waiting: Waiting<Dispatch>;
  readonly since: number;
}

/**
 * The gate of one front door before the queue of one pool. It keeps the queue short: calls beyond what the workers
 * have at hand wait here, where tenants take turns and priorities count, instead of in a queue that is first come,
 * first served. While there is room, which is nearly always, a call just passes.
 */
export class PoolGate {
  readonly #options: PoolGateOptions;
  readonly #queue: FairQueue<Dispatch>;
  /** Calls in the queue above, by their ids. */
  readonly #places = new Map<string, Place>();
  readonly #drain = new DrainRate();
  #window = Number.POSITIVE_INFINITY;
  /** Calls that one slot runs at the same time, on average: more than one for tools that take batches. */
  #callsOfSlot = 1;
  #sent = 0;
  #least = 0;
  #done = 0;
  #tenant = '';
  #contested = 0;
  #credit = MAX_CREDIT;
  #others = 0;
  #waitingDoors = 0;
  #seenSlice = 0;
  #pumping = false;

  constructor(options: PoolGateOptions) {
    this.#options = options;
    this.#queue = new FairQueue(options.weights);
    this.#resize();
  }

  /** Calls of this front door that are on the queue or running. */
  get sent(): number {
    return this.#sent;
  }

  /** Calls that wait here for their turn. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Since when the oldest of them waits, in epoch milliseconds; now when none does. */
  get waitingSince(): number {
    const [oldest] = this.#places.values();
    return oldest?.since ?? this.#options.clock.now();
  }

  /** Whether there is anything to tell other front doors. */
  get inUse(): boolean {
    return this.#sent > 0 || this.#done > 0 || this.#queue.size > 0;
  }

  /** Takes a call on; it is sent at once or later. */
  enter(dispatch: Dispatch): void {
    const { call, priority = DEFAULT_PRIORITY } = dispatch;
    const { tenant } = call.principal ?? ANONYMOUS;
    if (tenant !== this.#tenant || priority !== DEFAULT_PRIORITY) this.#note(tenant, priority);
    if (this.#sent < this.#window && this.#queue.size === 0) {
      this.#send(dispatch, priority === 'high' && this.#sent >= this.#slots());
      return;
    }
    const waiting = this.#queue.add(dispatch, tenant, priority);
    this.#places.set(call.id, { waiting, since: this.#options.clock.now() });
  }

  /** Must be told once of each call that has come to its end, with its last frame unless it was given up. */
  leave({ call, sharedBy }: Dispatch, frame?: Frame): void {
    if (this.#queue.size > 0) {
      const place = this.#places.get(call.id);
      if (place) {
        this.#places.delete(call.id);
        this.#queue.remove(place.waiting);
        return;
      }
    }
    this.#sent -= 1;
    if (this.#sent < this.#least) this.#least = this.#sent;
    if (frame && isTerminal(frame) && frame.runMs > 0) this.#learn(frame.runMs, sharedBy);
    if (this.#queue.size > 0) this.#pump();
  }

  /**
   * How long a call that comes now would wait before it is run, in milliseconds, about: what is on the queue, and the
   * calls that have their turn here before it; 0 while nothing is known of the pool.
   */
  waitMs(tenant: string, priority: Priority): number {
    const slots = this.#slots();
    const all = this.#sent + this.#others;
    if (all < slots && this.#queue.size === 0) return 0;
    const rate = this.#drain.perMs(slots);
    if (rate === undefined) return 0;
    return this.#waitBehind(this.#queue.size === 0 ? 0 : this.#queue.ahead(tenant, priority), rate);
  }

  /** @param ahead calls that have their turn here before the one in question */
  #waitBehind(ahead: number, rate: number): number {
    const all = this.#sent + this.#others;
    // Other front doors have their share of what the workers do.
    const share = Math.max(1, this.#sent) / Math.max(1, all);
    return (Math.max(0, all - this.#slots() + 1) + ahead / share) / rate;
  }

  /** What to tell other front doors. */
  report(): LoadReport {
    const tenant = this.#contested === CONTESTED_SLICES ? SEVERAL_TENANTS : this.#tenant;
    return {
      calls: this.#sent,
      least: Math.min(this.#least, this.#sent),
      done: this.#done,
      waiting: this.#queue.size > 0,
      tenant,
    };
  }

  /** Begins the next report. */
  reported(): void {
    this.#least = this.#sent;
    this.#done = 0;
    this.#tenant = '';
    if (this.#contested > 0) this.#contested -= 1;
  }

  /** Takes note of what all front doors told; of nothing when they could not be asked. */
  see(load: SharedLoad | undefined): void {
    this.#others = load?.others ?? 0;
    this.#waitingDoors = load?.waitingDoors ?? 0;
    if (load?.severalTenants && this.#contested === 0) this.#contested = 1;
    if (load && load.slice !== this.#seenSlice) this.#observe(load);
    this.#resize();
    this.#shed();
    this.#pump();
  }

  /** Calls were let in by what was known then; now those are refused that would not end in time. */
  #shed(): void {
    const rate = this.#drain.perMs(this.#slots());
    if (rate === undefined || this.#queue.size === 0) return;
    const endsMs = this.#options.clock.now() + (this.#drain.runMs ?? 0);
    for (const [dispatch, ahead] of this.#queue.standings()) {
      const lateMs = endsMs + this.#waitBehind(ahead, rate) - dispatch.call.deadline;
      if (lateMs > 0) this.#options.refuse(dispatch, lateMs);
    }
  }

  #observe({ slice, done, least }: SharedLoad): void {
    this.#seenSlice = slice;
    const slots = this.#slots();
    this.#drain.observe({ done, ms: SLICE_MS, slots, saturated: slots > 0 && least >= slots });
  }

  /** Remembers that tenants, or priorities, compete. */
  #note(tenant: string, priority: Priority): void {
    if (priority !== DEFAULT_PRIORITY || this.#tenant !== '') this.#contested = CONTESTED_SLICES;
    this.#tenant = tenant;
  }

  /** Calls that the live workers of the pool run at the same time. */
  #slots(): number {
    return this.#options.slots() * this.#callsOfSlot;
  }

  #learn(runMs: number, sharedBy = 1): void {
    const first = this.#drain.runMs === undefined;
    this.#drain.ran(runMs);
    this.#done += 1;
    if (sharedBy !== this.#callsOfSlot) this.#callsOfSlot += SHARED_WEIGHT * (sharedBy - this.#callsOfSlot);
    if (first || this.#done % RESIZE_EVERY === 0) this.#resize();
  }

  /** How many calls this front door may have on the queue or running; those with calls waiting share the room. */
  #resize(): void {
    const slots = this.#slots();
    const rate = this.#drain.perMs(slots);
    const ahead = this.#contested > 0 ? CONTESTED_AHEAD : AHEAD;
    const room =
      rate === undefined ? 2 * slots + BLIND_CALLS : Math.max(ahead.ofSlots * slots, rate * ahead.ms, 1);
    // Whatever has no slots, such as a pool whose workers just left, is no pool to be shared out.
    this.#window =
      slots === 0 ? Number.POSITIVE_INFINITY : Math.ceil((slots + room) / Math.max(1, this.#waitingDoors));
  }

  /** Lets calls pass while there is room. A call that cannot be sent leaves at once, from within. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#sent < this.#window && this.#options.canSend()) {
      const taken = this.#queue.take();
      if (!taken) break;
      this.#places.delete(taken.item.call.id);
      this.#send(taken.item, taken.alone || taken.item.priority === 'high');
    }
    this.#pumping = false;
  }

  /** Half of the calls at most overtake others, so that those get on too. */
  #send(dispatch: Dispatch, wantsToOvertake: boolean): void {
    const urgent = wantsToOvertake && this.#credit > 0;
    this.#credit = urgent ? this.#credit - 1 : Math.min(MAX_CREDIT, this.#credit + 1);
    this.#sent += 1;
    this.#options.send(dispatch, urgent);
  }
}
