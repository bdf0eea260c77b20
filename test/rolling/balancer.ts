/** Where a front door serves, and where it says that it is ready. */
interface Door {
  readonly url: string;
  readonly adminUrl: string;
  ready: boolean;
}

/** How often front doors are asked whether they are ready, in milliseconds. */
const LOOK_MS = 50;

/** What a load balancer does: it sends calls to the front doors that said a moment ago that they are ready. */
export class Balancer {
  readonly #doors: Door[] = [];
  readonly #timer = setInterval(() => void this.#look(), LOOK_MS);
  #turn = 0;

  /** Resolves when it is known to be ready. */
  async add(url: string, adminUrl: string): Promise<void> {
    const door = { url, adminUrl, ready: false };
    this.#doors.push(door);
    while (!door.ready) await this.#look();
  }

  /** The next one in turn. @throws Error when none is ready */
  next(): string {
    const ready = this.#doors.filter((door) => door.ready);
    this.#turn += 1;
    const door = ready[this.#turn % ready.length];
    if (!door) throw new Error('no front door is ready');
    return door.url;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    await Promise.all(
      this.#doors.map(async (door) => {
        door.ready = await fetch(`${door.adminUrl}/readyz`).then(({ ok }) => ok, gone);
      }),
    );
  }
}

/** Nobody listens there any more. */
function gone(): false {
  return false;
}
