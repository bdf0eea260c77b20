import { setTimeout as pause } from 'node:timers/promises';
import type { DurableRedis } from './durable-redis.ts';
import type { FaultName } from './fault-names.ts';
import type { LedgerWriter } from './ledger.ts';
import type { Member } from './member.ts';
import type { Random } from './random.ts';

/** What faults are done to. */
export interface Victims {
  readonly redis: DurableRedis;
  readonly workers: readonly Member[];
  readonly frontDoors: readonly Member[];
  /** Has somebody call the tool that kills its worker. */
  readonly poison: () => void;
  readonly ledger: LedgerWriter;
}

/** What is left alone at any time, so that the cluster can serve at all. */
const SPARED = { workers: 2, frontDoors: 1 };

/** How often each fault is chosen, against the others. */
const WEIGHTS: Readonly<Record<FaultName, number>> = {
  'kill-worker': 4,
  'kill-front-door': 2,
  'stop-worker': 2,
  'stop-front-door': 1,
  'restart-redis': 1,
  'partition-worker': 2,
  'partition-front-door': 1,
  'upgrade-worker': 1,
  'upgrade-front-door': 0.5,
  poison: 1,
};

/** Does things to a cluster, in an order that its seed decides. */
export class Faults {
  readonly #victims: Victims;
  readonly #random: Random;
  readonly #choices: readonly (readonly [FaultName, number])[];
  readonly #under = new Set<Promise<void>>();
  readonly #counts = new Map<FaultName, number>();
  /** Those that have not been made yet: each is, before chance alone decides. */
  readonly #deck: FaultName[];
  #redisIsDown = false;
  #poisons = 0;

  constructor(victims: Victims, random: Random, faults: readonly FaultName[]) {
    this.#victims = victims;
    this.#random = random;
    this.#choices = faults.map((fault) => [fault, WEIGHTS[fault]] as const);
    this.#deck = shuffled(faults, random);
  }

  get counts(): ReadonlyMap<FaultName, number> {
    return this.#counts;
  }

  /** Makes one fault, if there is somebody to whom it can be done now. */
  makeOne(): void {
    const chosen = this.#random.pick(this.#choices);
    const fault = this.#deck.shift() ?? chosen;
    // Each fault takes as many numbers whether it can be made or not: so the seed decides all that follows.
    const [place, lasting, kind] = [this.#random.next(), this.#random.next(), this.#random.next()];
    const work = this.#begin(fault, place, lasting, kind);
    if (!work) {
      if (!this.#counts.has(fault)) this.#deck.push(fault);
      return;
    }
    this.#counts.set(fault, (this.#counts.get(fault) ?? 0) + 1);
    const done: Promise<void> = work.finally(() => this.#under.delete(done));
    this.#under.add(done);
  }

  /** Resolves when all that was done is undone. */
  async over(): Promise<void> {
    await Promise.all(this.#under);
  }

  #begin(fault: FaultName, place: number, lasting: number, kind: number): Promise<void> | undefined {
    if (fault === 'restart-redis') return this.#restartRedis(lasting, kind);
    if (fault === 'poison') return this.#poison();
    const onWorker = fault.endsWith('worker');
    const victim = onWorker ? this.#worker(place) : this.#frontDoor(place);
    return victim && this.#doTo(victim, fault, lasting, kind);
  }

  #doTo(victim: Member, fault: FaultName, lasting: number, kind: number): Promise<void> {
    const door = this.#victims.frontDoors.indexOf(victim);
    const note = (ms: number) => this.#note(fault, ms, door < 0 ? undefined : door);
    if (fault.startsWith('kill')) {
      note(0);
      victim.signal('SIGKILL');
      return Promise.resolve();
    }
    if (fault.startsWith('upgrade')) {
      const ms = Math.round(1_000 + 3_000 * lasting);
      note(ms);
      return victim.upgrade(ms);
    }
    // Long enough that locks run out, most of the time; a front door keeps no client waiting for so long.
    const ms = Math.round(door < 0 ? 1_000 + 5_000 * lasting : 300 + 1_700 * lasting);
    note(ms);
    return fault.startsWith('stop') ? standStill(victim, ms) : cutOff(victim, ms, kind);
  }

  #restartRedis(lasting: number, kind: number): Promise<void> | undefined {
    if (this.#redisIsDown) return undefined;
    this.#redisIsDown = true;
    const ms = Math.round(100 + 1_400 * lasting);
    this.#note('restart-redis', ms);
    return this.#restart(ms, kind < 0.5 ? 'SIGKILL' : 'SIGTERM');
  }

  async #restart(ms: number, signal: NodeJS.Signals): Promise<void> {
    const { redis, ledger } = this.#victims;
    await redis.kill(signal);
    await pause(ms);
    await redis.start();
    ledger.write({ kind: 'redis-back', at: Date.now() });
    this.#redisIsDown = false;
  }

  /** One at a time would be too kind, but each of them kills several workers. */
  #poison(): Promise<void> | undefined {
    if (this.#poisons > 0) return undefined;
    this.#poisons += 1;
    this.#note('poison', 0);
    this.#victims.poison();
    return pause(POISON_MS).then(() => {
      this.#poisons -= 1;
    });
  }

  #worker(place: number): Member | undefined {
    return choose(this.#victims.workers, SPARED.workers, place);
  }

  #frontDoor(place: number): Member | undefined {
    return choose(this.#victims.frontDoors, SPARED.frontDoors, place);
  }

  #note(fault: FaultName, ms: number, door?: number): void {
    const at = Date.now();
    const entry = { kind: 'fault', fault, at, until: at + ms } as const;
    this.#victims.ledger.write(door === undefined ? entry : { ...entry, door });
  }
}

/** How long a poisonous call is at work, about, in milliseconds. */
const POISON_MS = 10_000;

function choose(members: readonly Member[], spared: number, place: number): Member | undefined {
  const well = members.filter((member) => member.well);
  return well.length > spared ? well[Math.floor(place * well.length)] : undefined;
}

function shuffled(faults: readonly FaultName[], random: Random): FaultName[] {
  return faults
    .map((fault) => [random.next(), fault] as const)
    .sort(([a], [b]) => a - b)
    .map(([, fault]) => fault);
}

function standStill(victim: Member, ms: number): Promise<void> {
  return victim.during(async () => {
    victim.signal('SIGSTOP');
    await pause(ms);
    victim.signal('SIGCONT');
  });
}

/** The network between one process and Redis holds back, swallows, or breaks. */
function cutOff(victim: Member, ms: number, kind: number): Promise<void> {
  return victim.during(async () => {
    if (kind < 1 / 3) victim.proxy.stall();
    else if (kind < 2 / 3) victim.proxy.swallow();
    else victim.proxy.cut();
    await pause(ms);
    victim.proxy.mend();
  });
}
