import { hash } from 'node:crypto';
import type { ReplyAddress } from '@millrace/protocol';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { withPatience } from './patience.ts';
import { Script } from './script.ts';
import { Tick } from './tick.ts';

/** How long a flight is remembered without its leader, in milliseconds. */
const LEASE_MS = 3_000;

/** How long a call waits for Redis before it goes on without knowing of others, in milliseconds. */
const PATIENCE_MS = 250;

/** Where the flights of one front door are told something. */
export interface FlightAddress {
  /** Frames for it come under this name. */
  readonly id: string;
  readonly to: ReplyAddress;
}

/** A call that others may wait for. */
export interface NamedFlight {
  /** The same for identical calls; see `flightName`. */
  readonly name: string;
  readonly address: FlightAddress;
}

interface Step {
  readonly flight: NamedFlight;
  readonly done: PromiseWithResolvers<string>;
}

const SCRIPT = new Script('flights');

/** @param key what the calls ask for; it cannot be read from the name */
export function flightName(key: string): string {
  return hash('sha256', key, 'base64url');
}

/** Which identical calls are under way in the cluster, who makes them, and who waits for them. */
export class Flights {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #turn = new Tick<() => void>(() => void this.#take());
  #begins: Step[] = [];
  #ends: Step[] = [];

  /** @param redis whose commands fail at once while Redis is away */
  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /**
   * Rejects when Redis is away or slow.
   *
   * @returns who leads it; undefined when that is the caller, who then ends it
   */
  async begin(flight: NamedFlight): Promise<FlightAddress | undefined> {
    const leader = await this.#step(this.#begins, flight);
    return leader === '' ? undefined : readAddress(leader);
  }

  /** Ends a flight that the caller leads: who comes from now on begins another. @returns those that follow it */
  async end(flight: NamedFlight): Promise<FlightAddress[]> {
    const followers = await this.#step(this.#ends, flight);
    return followers === '' ? [] : [...new Set(followers.split('\n'))].map(readAddress);
  }

  /** Says that these still go on; each has to be renewed every second. */
  async renew(flights: readonly NamedFlight[]): Promise<void> {
    const pipeline = this.#redis.pipeline();
    for (const { name } of flights) pipeline.pexpire(this.#keys.flight(name), LEASE_MS);
    await pipeline.exec();
  }

  /** @returns ids of who leads each of them now; undefined for those that nobody leads */
  async leaders(names: readonly string[]): Promise<(string | undefined)[]> {
    const lists = await this.#redis.mget(names.map((name) => this.#keys.flight(name)));
    return lists.map((list) => (list === null ? undefined : readAddress(list.split('\n')[0] ?? '').id));
  }

  #step(steps: Step[], flight: NamedFlight): Promise<string> {
    const done = Promise.withResolvers<string>();
    steps.push({ flight, done });
    this.#turn.add(ignore);
    return done.promise;
  }

  /** All steps of one turn of the event loop are one command. */
  async #take(): Promise<void> {
    const [begins, ends] = [this.#begins, this.#ends];
    this.#begins = [];
    this.#ends = [];
    const names: string[] = [];
    const args: (string | number)[] = [ends.length, LEASE_MS];
    for (const steps of [ends, begins]) {
      for (const { flight } of steps) {
        names.push(this.#keys.flight(flight.name));
        args.push(writeAddress(flight.address));
      }
    }
    try {
      const results = (await withPatience(SCRIPT.run(this.#redis, names, args), PATIENCE_MS)) as string[];
      for (const [at, { done }] of ends.entries()) done.resolve(results[at] ?? '');
      for (const [at, { done }] of begins.entries()) done.resolve(results[ends.length + at] ?? '');
    } catch (error) {
      for (const steps of [ends, begins]) for (const { done } of steps) done.reject(error);
    }
  }
}

function ignore(): void {}

export function writeAddress({ id, to }: FlightAddress): string {
  return `${to.version} ${to.frontDoor} ${id}`;
}

export function readAddress(text: string): FlightAddress {
  const [version = '', frontDoor = '', id = ''] = text.split(' ');
  return { id, to: { frontDoor, version: Number(version) } };
}
