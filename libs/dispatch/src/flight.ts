import { type FlightAddress, flightName, type NamedFlight } from '@millrace/broker';
import {
  type Call,
  type Frame,
  isFinalResult,
  type MillraceError,
  toMillraceError,
} from '@millrace/protocol';
import type { Answer } from './answer.ts';
import { deliverError } from './calls.ts';
import { type FlightEnding, sharingOf } from './flight-ending.ts';
import { FlightFollowers } from './flight-followers.ts';
import { type FlightMember, readProgress } from './flight-member.ts';
import type { FlightEvents, FlightTower } from './flight-tower.ts';
import { requestFields } from './request-fields.ts';

/** Where members come from and go to. */
export interface FlightHooks {
  /** Told when nobody else can join; also when that is known. */
  closed(flight: Flight): void;
  /** Told of each member whose answer will be that of another call. */
  follows(member: FlightMember): void;
  /** Told of each member whose answer this is no more, before it gets it. */
  landed(member: FlightMember): void;
  /** Lets a member of the flight join others, or begin anew. */
  again(member: FlightMember, flight: Flight): void;
  /** Lets a member go on by itself. */
  alone(member: FlightMember): void;
}

/**
 * Identical calls on their way together. One front door makes the call, with the first member's request, and is its
 * answer; it passes on what comes to its other members and to the front doors that follow. On those, a flight has
 * members only, who get what the leading front door passes on.
 */
export class Flight implements Answer, FlightEvents {
  /** What its members ask for. */
  readonly key: string;
  readonly #hooks: FlightHooks;
  readonly #tower: FlightTower;
  readonly #address: FlightAddress;
  #named: NamedFlight | undefined;
  #members: FlightMember[];
  readonly #followers: FlightFollowers;
  /** Whose request the call is; the client that is asked, should it ask. */
  readonly #captain: FlightMember;
  #part: 'boarding' | 'leads' | 'follows' | 'over' = 'boarding';
  #cancel: (() => void) | undefined;
  #deserted = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(captain: FlightMember, key: string, tower: FlightTower, hooks: FlightHooks) {
    this.key = key;
    this.#hooks = hooks;
    this.#tower = tower;
    this.#followers = new FlightFollowers(tower);
    this.#address = tower.newAddress();
    this.#captain = captain;
    this.#members = [captain];
  }

  /** As other front doors know it; a front door that is alone needs no name. */
  get named(): NamedFlight {
    this.#named ??= { name: flightName(this.key), address: this.#address };
    return this.#named;
  }

  join(member: FlightMember): void {
    this.#members.push(member);
    this.#hooks.follows(member);
    if (this.#part === 'follows') this.#setTimer();
  }

  /** The client of a member waits no more. The last one takes the call with it. */
  leave(member: FlightMember): void {
    if (!this.#remove(member) || this.#members.length > 0) return;
    if (this.#part === 'follows') {
      this.#tower.leave(this.named);
      this.#land();
    } else if (this.#part === 'leads') void this.#desert();
  }

  /** Finds out who makes the call, and makes it if nobody does. */
  takeOff(): void {
    const part = this.#tower.board(() => this.named, this);
    if (part instanceof Promise) void part.then((found) => this.#boarded(found));
    else this.#boarded(part);
  }

  /** Lets other front doors find it, now that there are some. */
  async register(): Promise<void> {
    if (this.#part !== 'leads' || this.#followers.registered) return;
    this.#followers.registered = await this.#tower.register(this.named, this);
  }

  logFields(): object {
    const { request } = this.#captain.passage;
    return requestFields(request, request.principal);
  }

  // What comes of the call that is made here.

  belongsTo(call: Call): void {
    this.#captain.passage.answer.belongsTo?.(call);
  }

  follows(): void {
    for (const member of this.#members) this.#hooks.follows(member);
  }

  result(payload: string): void {
    const sharing = isFinalResult(payload) ? 'shared' : 'alone';
    const deliver = (answer: Answer) => answer.result(payload);
    this.#end({ frame: { kind: 'result', payload }, sharing, deliver });
  }

  error(status: number, payload: string, retryAfterMs?: number): void {
    const deliver = (answer: Answer) => answer.error(status, payload, retryAfterMs);
    this.#end({ frame: { kind: 'error', payload }, sharing: sharingOf(payload), deliver });
  }

  fail(error: MillraceError, status?: number): void {
    const payload = JSON.stringify(error.toJsonRpc(this.#address.id));
    const deliver = (answer: Answer) => answer.fail(error, status);
    this.#end({ frame: { kind: 'error', payload }, sharing: sharingOf(payload), deliver });
  }

  notification(payload: string): void {
    const progress = readProgress(payload);
    for (const member of this.#members) member.notify(payload, progress);
    this.#followers.send({ kind: 'notification', payload });
  }

  /** The answer will depend on what one client says: from here on the others go their own ways. */
  serverRequest(payload: string): void {
    const others = this.#members.filter((member) => member !== this.#captain);
    this.#members = this.#members.filter((member) => member === this.#captain);
    this.#hooks.closed(this);
    void this.#followers.dismiss(this.named, (follower) => this.#tower.split(follower));
    for (const member of others) this.#hooks.alone(member);
    if (this.#members.length > 0) this.#captain.passage.answer.serverRequest(payload);
    else this.#drop();
  }

  pause(): void {
    for (const { passage } of this.#members) passage.answer.pause();
  }

  onGone(listener: () => void): void {
    this.#cancel = listener;
    // Who asks for it is just about to put the call on its way.
    if (this.#deserted) queueMicrotask(listener);
  }

  // What other front doors tell.

  onFollower(follower: FlightAddress): void {
    this.#followers.add(follower);
  }

  onLeft({ id }: FlightAddress): void {
    this.#followers.remove(id);
    if (this.#followers.over && this.#members.length === 0) this.#drop();
  }

  onFrame(frame: Frame): void {
    const { kind, payload } = frame;
    if (kind === 'notification') this.notification(payload);
    else if (kind === 'flight') this.#disband((member) => this.#hooks.alone(member));
    else if (kind === 'result') this.result(payload);
    else if (kind === 'error') {
      const { revision } = this.#captain.passage.request;
      const deliver = (answer: Answer) => deliverError(payload, { revision }, answer);
      this.#end({ frame, sharing: sharingOf(payload), deliver });
    }
  }

  onLost(): void {
    this.#disband((member) => this.#hooks.again(member, this));
  }

  #remove(member: FlightMember): boolean {
    const at = this.#members.indexOf(member);
    if (at >= 0) this.#members.splice(at, 1);
    return at >= 0;
  }

  #boarded(part: 'leads' | 'follows' | 'alone'): void {
    this.#followers.registered = part === 'leads';
    this.#part = part === 'follows' ? 'follows' : 'leads';
    if (this.#members.length === 0) void this.#giveUp();
    else if (part !== 'follows') this.#call();
    else {
      for (const member of this.#members) this.#hooks.follows(member);
      this.#setTimer();
    }
  }

  #call(): void {
    const { passage, next } = this.#captain;
    const { request } = passage;
    // The client cancels its own request, which may not cancel the call of all.
    const own = request.session ? { ...request, id: this.#address.id } : request;
    try {
      next({ ...passage, request: own, answer: this })?.catch((thrown) => this.fail(toMillraceError(thrown)));
    } catch (thrown) {
      this.fail(toMillraceError(thrown));
    }
  }

  #end(ending: FlightEnding): void {
    if (this.#part === 'over') return;
    const leads = this.#part === 'leads';
    const members = this.#members;
    this.#land();
    this.#members = [];
    for (const member of members) this.#endFor(member, ending, leads && member === this.#captain);
    if (leads && this.#followers.registered) void this.#endForFollowers(ending);
  }

  #endFor(member: FlightMember, { sharing, deliver }: FlightEnding, isOwn: boolean): void {
    if (!isOwn && sharing === 'alone') this.#hooks.alone(member);
    else if (!isOwn && sharing === 'again' && member.tryAgain()) this.#hooks.again(member, this);
    else {
      this.#hooks.landed(member);
      deliver(member.passage.answer);
    }
  }

  #endForFollowers({ frame, sharing }: FlightEnding): Promise<void> {
    return this.#followers.dismiss(this.named, (follower) => {
      if (sharing === 'alone') this.#tower.split(follower);
      else this.#tower.send(follower, frame);
    });
  }

  /** Nobody waits for it here any more; the call goes on for other front doors, if there are any. */
  async #desert(): Promise<void> {
    this.#hooks.closed(this);
    await this.#followers.close(this.named);
    if (this.#followers.over) this.#drop();
  }

  /** All of its clients went before it took off. */
  async #giveUp(): Promise<void> {
    if (this.#part === 'follows') this.#tower.leave(this.named);
    else await this.#followers.dismiss(this.named, (follower) => this.#tower.lose(follower));
    this.#land();
  }

  #drop(): void {
    this.#deserted = true;
    this.#cancel?.();
    this.#land();
  }

  /** All members leave it, each as the given way says. */
  #disband(way: (member: FlightMember) => void): void {
    const members = this.#members;
    this.#land();
    this.#members = [];
    for (const member of members) way(member);
  }

  #land(): void {
    if (this.#named) this.#tower.forget(this.#named);
    this.#part = 'over';
    clearTimeout(this.#timer);
    this.#hooks.closed(this);
  }

  /** Nobody else minds the deadlines of who follows another front door. */
  #setTimer(): void {
    if (this.#timer !== undefined) return;
    const deadlines = this.#members.map(({ deadline }) => deadline);
    const delay = Math.max(0, Math.min(...deadlines) - Date.now());
    this.#timer = setTimeout(() => this.#expire(), Math.min(delay, 2 ** 31 - 1));
  }

  #expire(): void {
    this.#timer = undefined;
    const now = Date.now();
    for (const member of [...this.#members]) {
      if (member.deadline > now) continue;
      this.leave(member);
      this.#hooks.landed(member);
      member.expire();
    }
    if (this.#members.length > 0) this.#setTimer();
  }
}
