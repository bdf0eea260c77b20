import { Random } from '../chaos/random.ts';
import type { ServiceTimes } from './service-times.ts';
import type { Station, StationOptions } from './station.ts';
import { TimeHeap } from './time-heap.ts';
import type { Traffic } from './traffic.ts';
import { WaitRecord } from './wait-record.ts';

/** Every call is an event: it arrives, passes Redis, starts when a slot is free, ends. Exact, for up to a few million calls. */
export class SingleCalls implements Station {
  readonly waits = new WaitRecord();
  /** From arrival to end. */
  readonly stays = new WaitRecord();
  readonly #traffic: Traffic;
  readonly #service: ServiceTimes;
  readonly #random: Random;
  /** What Redis needs for one call. */
  readonly #passMs: number;
  readonly #ends = new TimeHeap();
  /** Arrivals that wait, from `#first` on: shifting an array of many is slow. */
  #queue: { arrivedAt: number; passedAt: number }[] = [];
  #first = 0;
  #nextArrival: number;
  #redisFreeAt = 0;
  #slots = 0;
  #now = 0;

  constructor({ traffic, service, redisRate, seed }: StationOptions) {
    this.#traffic = traffic;
    this.#service = service;
    this.#passMs = 1000 / redisRate;
    this.#random = new Random(seed);
    this.#nextArrival = this.#arrivalAfter(0);
  }

  get active(): number {
    return this.#ends.size;
  }

  get waiting(): number {
    return this.#queue.length - this.#first;
  }

  get oldestWaitMs(): number {
    const oldest = this.#queue[this.#first];
    return oldest ? this.#now - oldest.arrivedAt : 0;
  }

  setSlots(slots: number): void {
    this.#slots = slots;
  }

  /** So many calls arrive now, together. */
  receive(calls: number): void {
    for (let count = 0; count < calls; count += 1) this.#enqueue(this.#now);
  }

  advance(toMs: number): void {
    this.#start();
    for (let next = this.#nextEvent(); next <= toMs; next = this.#nextEvent()) {
      this.#now = next;
      while (this.#ends.earliest <= next) this.#ends.pop();
      while (this.#nextArrival <= next) {
        this.#enqueue(this.#nextArrival);
        this.#nextArrival = this.#arrivalAfter(this.#nextArrival);
      }
      this.#start();
    }
    this.#now = toMs;
  }

  /** When something happens next. @returns `Infinity` when nothing ever will */
  #nextEvent(): number {
    const waiting = this.#queue[this.#first];
    const passed = waiting && this.active < this.#slots ? waiting.passedAt : Number.POSITIVE_INFINITY;
    return Math.min(this.#ends.earliest, this.#nextArrival, passed);
  }

  #enqueue(arrivedAt: number): void {
    this.#redisFreeAt = Math.max(arrivedAt, this.#redisFreeAt) + this.#passMs;
    this.#queue.push({ arrivedAt, passedAt: this.#redisFreeAt });
  }

  #start(): void {
    while (this.active < this.#slots) {
      const call = this.#queue[this.#first];
      if (!call || call.passedAt > this.#now) break;
      this.#first += 1;
      const end = this.#now + this.#service.draw(this.#random);
      this.waits.add(this.#now - call.arrivedAt);
      this.stays.add(end - call.arrivedAt);
      this.#ends.push(end);
    }
    if (this.#first > 10_000 && this.#first * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Arrivals are independent of each other (Poisson); those of the peak are thinned to the rate of the moment. */
  #arrivalAfter(ms: number): number {
    const { peak, seconds, rateAt } = this.#traffic;
    for (let at = ms; peak > 0; ) {
      at -= (Math.log(1 - this.#random.next()) / peak) * 1000;
      if (at >= seconds * 1000) break;
      if (this.#random.next() * peak < rateAt(at / 1000)) return at;
    }
    return Number.POSITIVE_INFINITY;
  }
}
