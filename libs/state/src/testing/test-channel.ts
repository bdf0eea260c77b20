import type { Invalidations } from '../invalidations.ts';

/** Processes that tell each other what changed, within one process; each `join` stands for one of them. */
export class TestChannel {
  readonly #members = new Set<TestMember>();

  join(): TestMember {
    const member = new TestMember((key) => {
      for (const other of this.#members) if (other !== member) other.hear(key);
    });
    this.#members.add(member);
    return member;
  }
}

class TestMember implements Invalidations {
  hears = true;
  readonly #toOthers: (key: string) => void;
  #listener: (key: string | undefined) => void = () => {};

  constructor(toOthers: (key: string) => void) {
    this.#toOthers = toOthers;
  }

  async tell(key: string): Promise<void> {
    this.#toOthers(key);
  }

  onInvalid(listener: (key: string | undefined) => void): void {
    this.#listener = listener;
  }

  hear(key: string | undefined): void {
    if (this.hears) this.#listener(key);
  }
}
