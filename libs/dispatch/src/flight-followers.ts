import type { FlightAddress, NamedFlight } from '@millrace/broker';
import type { Frame } from '@millrace/protocol';
import type { FlightTower } from './flight-tower.ts';

const NONE: ReadonlyMap<string, FlightAddress> = new Map();

/** The other front doors that wait for a call of this one. Most calls have none. */
export class FlightFollowers {
  /** Whether other front doors can find the call. */
  registered = false;
  readonly #tower: FlightTower;
  #waiting = NONE;
  #left: Set<string> | undefined;
  #closed = false;

  constructor(tower: FlightTower) {
    this.#tower = tower;
  }

  /** Whether there are none, and will be none. */
  get over(): boolean {
    return this.#closed && this.#waiting.size === 0;
  }

  add(follower: FlightAddress): void {
    if (!this.#closed) this.#keep(follower);
  }

  remove(id: string): void {
    this.#left ??= new Set();
    this.#left.add(id);
    if (this.#waiting.has(id)) this.#waiting = new Map([...this.#waiting].filter(([other]) => other !== id));
  }

  /** Passes on what comes before the end. */
  send(frame: Pick<Frame, 'kind' | 'payload'>): void {
    for (const follower of this.#waiting.values()) this.#tower.send(follower, frame);
  }

  /** Takes no more of them. Resolves when all are known. */
  async close(flight: NamedFlight): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.registered) return;
    for (const one of await this.#tower.close(flight)) if (!this.#left?.has(one.id)) this.#keep(one);
  }

  /** Tells each of them for the last time. */
  async dismiss(flight: NamedFlight, tell: (follower: FlightAddress) => void): Promise<void> {
    await this.close(flight);
    const waiting = this.#waiting;
    this.#waiting = NONE;
    for (const follower of waiting.values()) tell(follower);
  }

  #keep(follower: FlightAddress): void {
    this.#waiting = new Map(this.#waiting).set(follower.id, follower);
  }
}
