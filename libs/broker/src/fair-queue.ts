import { PRIORITIES, type Priority } from '@millrace/protocol';
import { Lane, type Place } from './lane.ts';

/** Turns of each priority when all of them wait: the least urgent is slowed down, never starved. */
const TURNS: Readonly<Record<Priority, number>> = { high: 16, normal: 4, low: 1 };

/** Names of priorities by their place in `PRIORITIES`, which is quicker than by name. */
const WEIGHTS = PRIORITIES.map((priority) => TURNS[priority]);

/** What one tenant has waiting. */
interface Flow<T> {
  readonly tenant: string;
  readonly weight: number;
  readonly lanes: readonly Lane<T>[];
  /** Smooth weighted round robin among the lanes: the lane with most credit is next. */
  readonly credits: number[];
  size: number;
  /** Turns that are left of its visit. */
  turns: number;
  /** Where it stands in the rotation. */
  seat: Place<Flow<T>> | undefined;
}

/** Where an item waits. */
export interface Waiting<T> {
  readonly flow: Flow<T>;
  readonly place: Place<T>;
}

export interface Taken<T> {
  readonly item: T;
  /** Whether its tenant had nothing else waiting, while others had. */
  readonly alone: boolean;
}

/**
 * What waits for one pool. Tenants take turns, so that one with a thousand calls waits no less than one with a single
 * call does; within a tenant the priorities share its turns.
 */
export class FairQueue<T> {
  readonly #weights: Readonly<Record<string, number>>;
  readonly #flows = new Map<string, Flow<T>>();
  /** Tenants that have something waiting, the next one first. */
  readonly #rotation = new Lane<Flow<T>>();
  #size = 0;

  /** @param weights turns of tenants that get more than one in each round */
  constructor(weights: Readonly<Record<string, number>> = {}) {
    this.#weights = weights;
  }

  get size(): number {
    return this.#size;
  }

  /** Tenants that have something waiting. */
  get tenants(): number {
    return this.#flows.size;
  }

  add(item: T, tenant: string, priority: Priority): Waiting<T> {
    const flow = this.#flows.get(tenant) ?? this.#open(tenant);
    const lane = flow.lanes[PRIORITIES.indexOf(priority)] as Lane<T>;
    flow.size += 1;
    this.#size += 1;
    return { flow, place: lane.push(item) };
  }

  /** Takes the next item, as turns and priorities have it. */
  take(): Taken<T> | undefined {
    const flow = this.#next();
    if (!flow) return undefined;
    const item = nextLane(flow).shift() as T;
    const alone = flow.size === 1 && this.#flows.size > 1;
    this.#left(flow);
    return { item, alone };
  }

  /** Takes out what nobody waits for any more. */
  remove({ flow, place }: Waiting<T>): void {
    place.lane.remove(place);
    this.#left(flow);
  }

  /** How many at most will be taken before one that would be added now. */
  ahead(tenant: string, priority: Priority): number {
    const flow = this.#flows.get(tenant);
    const rank = PRIORITIES.indexOf(priority);
    const own = flow ? flow.lanes.reduce((sum, { size }, at) => (at <= rank ? sum + size : sum), 0) : 0;
    return own + this.#others(flow ?? { weight: this.#weightOf(tenant), size: 0 }, own);
  }

  /**
   * All that waits, each with how many at most will be taken before it. What is removed on the way is before nobody.
   */
  *standings(): Generator<readonly [item: T, ahead: number]> {
    for (const flow of [...this.#flows.values()]) {
      let own = 0;
      for (const lane of flow.lanes) {
        for (const item of lane) {
          const before = flow.size;
          yield [item, own + this.#others(flow, own)];
          if (flow.size === before) own += 1;
        }
      }
    }
  }

  /** How many of the others at most will be taken before an item that has so many of its own tenant before it. */
  #others({ weight, size }: Pick<Flow<T>, 'weight' | 'size'>, own: number): number {
    const tenants = this.#flows.size - (size > 0 ? 1 : 0);
    return Math.min(this.#size - size, Math.ceil((own + 1) / weight) * tenants);
  }

  #open(tenant: string): Flow<T> {
    const weight = this.#weightOf(tenant);
    const lanes = PRIORITIES.map(() => new Lane<T>());
    const flow: Flow<T> = {
      tenant,
      weight,
      lanes,
      credits: PRIORITIES.map(() => 0),
      size: 0,
      turns: weight,
      seat: undefined,
    };
    this.#flows.set(tenant, flow);
    flow.seat = this.#rotation.push(flow);
    return flow;
  }

  #weightOf(tenant: string): number {
    return Object.hasOwn(this.#weights, tenant) ? (this.#weights[tenant] ?? 1) : 1;
  }

  /** The tenant whose turn it is; one that has used up its turns goes to the end. */
  #next(): Flow<T> | undefined {
    const first = this.#rotation.first;
    if (first?.turns === 0) {
      this.#rotation.shift();
      first.turns = first.weight;
      first.seat = this.#rotation.push(first);
    }
    const flow = this.#rotation.first;
    if (flow) flow.turns -= 1;
    return flow;
  }

  #left(flow: Flow<T>): void {
    this.#size -= 1;
    flow.size -= 1;
    if (flow.size > 0) return;
    this.#flows.delete(flow.tenant);
    if (flow.seat) this.#rotation.remove(flow.seat);
  }
}

function nextLane<T>({ lanes, credits }: Flow<T>): Lane<T> {
  let best = -1;
  let total = 0;
  for (const [at, { size }] of lanes.entries()) {
    if (size === 0) continue;
    const weight = WEIGHTS[at] as number;
    const credit = (credits[at] as number) + weight;
    credits[at] = credit;
    total += weight;
    if (best < 0 || credit > (credits[best] as number)) best = at;
  }
  credits[best] = (credits[best] as number) - total;
  return lanes[best] as Lane<T>;
}
