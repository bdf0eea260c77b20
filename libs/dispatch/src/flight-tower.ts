import {
  type FlightAddress,
  type Flights,
  type FrameListeners,
  type NamedFlight,
  Places,
  type Replies,
  readAddress,
  writeAddress,
} from '@millrace/broker';
import { ENVELOPE_VERSION, type Frame, type ReplyAddress } from '@millrace/protocol';
import type { Logger, Service } from '@millrace/service';

/** Between two looks at the flights that take longer, in milliseconds. */
const LOOK_MS = 1_000;

/** Looks after which a flight that nobody leads any more is given up: its end may still be on its way. */
const MAX_MISSES = 2;

export interface FlightTowerOptions {
  readonly flights: Flights;
  readonly replies: Pick<Replies, 'send' | 'flush'>;
  readonly listeners: FrameListeners;
  /** Id of this front door. */
  readonly frontDoor: string;
  /** Version of the frames that it reads. */
  readonly envelope?: number;
  /** Whether there is no other front door. */
  readonly alone: () => boolean;
  readonly logger: Logger;
}

/** What becomes of a flight elsewhere. */
export interface FlightEvents {
  /** What a line of a log says of the request that it began with. */
  logFields(): object;
  /** A frame of the call, from the front door that makes it. */
  onFrame(frame: Frame): void;
  /** Another front door waits for the answer from now on. */
  onFollower(follower: FlightAddress): void;
  /** It does so no more. */
  onLeft(follower: FlightAddress): void;
  /** The front door that makes the call is gone. */
  onLost(): void;
}

type Part = 'leads' | 'follows';

interface Watched extends NamedFlight {
  readonly part: Part;
  readonly leader: string;
  readonly events: FlightEvents;
  /** Whether others can still join it. */
  open: boolean;
  /** Looks at which it was there; the first one says nothing of it. */
  looks: number;
  misses: number;
}

type Signal = 'follow' | 'leave' | 'split' | 'lost';

/** The way between the front doors that wait for the same call. Without Redis each is on its own. */
export class FlightTower implements Service {
  readonly #options: FlightTowerOptions;
  readonly #watched = new Places<Watched>();
  readonly #own: ReplyAddress;
  readonly #prefix: string;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(options: FlightTowerOptions) {
    const { frontDoor, envelope = ENVELOPE_VERSION } = options;
    this.#options = options;
    this.#own = { frontDoor, version: envelope };
    this.#prefix = `${frontDoor}.flight-`;
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await Promise.all(this.#watched.items().map((one) => this.#handOver(one)));
    await this.#options.replies.flush();
  }

  /** Where a new flight of this front door is told something. */
  newAddress(): FlightAddress {
    this.#count += 1;
    return { id: `${this.#prefix}${this.#count.toString(36)}`, to: this.#own };
  }

  /** @returns what the caller does from now on; `alone` when it is the only front door, or others cannot be asked */
  board(flight: () => NamedFlight, events: FlightEvents): Part | 'alone' | Promise<Part | 'alone'> {
    return this.#options.alone() ? 'alone' : this.#ask(flight(), events);
  }

  /** Lets others find a flight that was begun while there were none. @returns whether they can */
  async register(flight: NamedFlight, events: FlightEvents): Promise<boolean> {
    const part = await this.#ask(flight, events);
    if (part === 'follows') this.leave(flight);
    return part === 'leads';
  }

  /** Takes no more followers, but still hears of them. Never rejects. @returns those that there are */
  async close(flight: NamedFlight): Promise<FlightAddress[]> {
    const watched = this.#watched.get(flight.address.id);
    if (watched) watched.open = false;
    try {
      return await this.#options.flights.end(flight);
    } catch (error) {
      // The lease of the flight runs out by itself, and who follows it begins anew.
      this.#options.logger.debug(
        { err: error, ...watched?.events.logFields() },
        'the end of a call was not told',
      );
      return [];
    }
  }

  /** Follows no more. */
  leave({ address }: NamedFlight): void {
    const watched = this.#watched.get(address.id);
    if (!watched) return;
    this.forget(watched);
    const [frontDoor = ''] = watched.leader.split('.');
    this.#signal({ id: watched.leader, to: { ...address.to, frontDoor } }, 'leave', address);
  }

  /** Tells a follower. */
  send(to: FlightAddress, frame: Pick<Frame, 'kind' | 'payload'>): void {
    this.#options.replies.send(to.to, { runMs: 0, ...frame, call: to.id } as Frame);
  }

  /** Tells a follower that the answer cannot be shared. */
  split(to: FlightAddress): void {
    this.#signal(to, 'split', to);
  }

  /** Tells a follower that there will be no answer. */
  lose(to: FlightAddress): void {
    this.#signal(to, 'lost', to);
  }

  /** Hears no more of it. */
  forget({ address }: NamedFlight): void {
    this.#watched.delete(address.id);
    this.#options.listeners.remove(address.id);
  }

  /** Who follows a call of this front door makes it, now that this one ends. */
  async #handOver(watched: Watched): Promise<void> {
    if (watched.part === 'follows') this.leave(watched);
    else for (const follower of await this.close(watched)) this.lose(follower);
  }

  #signal(to: FlightAddress, signal: Signal, about: FlightAddress): void {
    const payload = `${signal} ${writeAddress(about)}`;
    this.#options.replies.send(to.to, { call: to.id, kind: 'flight', payload });
  }

  async #ask(flight: NamedFlight, events: FlightEvents): Promise<Part | 'alone'> {
    const { id } = flight.address;
    try {
      const leader = await this.#options.flights.begin(flight);
      // One that ended here without Redis being told.
      if (leader && leader.to.frontDoor === this.#options.frontDoor && !this.#watched.get(leader.id)) {
        return 'alone';
      }
      const part: Part = leader ? 'follows' : 'leads';
      this.#watch({ ...flight, part, leader: leader?.id ?? id, events, open: true, looks: 0, misses: 0 });
      if (leader) this.#signal(leader, 'follow', flight.address);
      return part;
    } catch (error) {
      this.#options.logger.debug(
        { err: error, ...events.logFields() },
        'a call goes on without looking for identical ones',
      );
      return 'alone';
    }
  }

  #watch(watched: Watched): void {
    const { id } = watched.address;
    this.#watched.set(id, watched);
    this.#options.listeners.add(id, (frame) => this.#hear(watched, frame));
  }

  #hear({ events, part }: Watched, frame: Frame): void {
    if (frame.kind !== 'flight') {
      if (part === 'follows') events.onFrame(frame);
      return;
    }
    const space = frame.payload.indexOf(' ');
    const signal = frame.payload.slice(0, space) as Signal;
    if (signal === 'split') events.onFrame(frame);
    else if (signal === 'lost') events.onLost();
    else if (signal === 'follow') events.onFollower(readAddress(frame.payload.slice(space + 1)));
    else events.onLeft(readAddress(frame.payload.slice(space + 1)));
  }

  /** Keeps alive what leads, and notices what follows nobody. Flights of an instant never come to this. */
  async #look(): Promise<void> {
    const older = this.#watched.items().filter((one) => one.looks++ > 0);
    const led = older.filter(({ part, open }) => part === 'leads' && open);
    const followed = older.filter(({ part }) => part === 'follows');
    try {
      if (led.length > 0) await this.#options.flights.renew(led);
      if (followed.length > 0) await this.#check(followed);
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'flights could not be looked after');
    }
  }

  async #check(followed: readonly Watched[]): Promise<void> {
    const leaders = await this.#options.flights.leaders(followed.map(({ name }) => name));
    for (const [at, watched] of followed.entries()) {
      const leader = leaders[at];
      watched.misses = leader === watched.leader ? 0 : watched.misses + 1;
      // Another one leads by now: that is soon followed.
      const isLost = watched.misses >= MAX_MISSES || (watched.misses > 0 && leader !== undefined);
      if (!isLost || !this.#watched.get(watched.address.id)) continue;
      this.forget(watched);
      watched.events.onLost();
    }
  }
}
