/** Times, the earliest first. */
export class TimeHeap {
  readonly #times: number[] = [];

  get size(): number {
    return this.#times.length;
  }

  /** `Infinity` when there is none. */
  get earliest(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY;
  }

  push(time: number): void {
    const times = this.#times;
    let at = times.push(time) - 1;
    for (let above = (at - 1) >> 1; at > 0 && (times[above] as number) > time; above = (at - 1) >> 1) {
      times[at] = times[above] as number;
      at = above;
    }
    times[at] = time;
  }

  /** Takes the earliest away. */
  pop(): void {
    const last = this.#times.pop();
    if (last !== undefined && this.#times.length > 0) this.#sink(last);
  }

  #sink(time: number): void {
    const times = this.#times;
    let at = 0;
    for (let below = 1; below < times.length; below = 2 * at + 1) {
      if ((times[below + 1] ?? Number.POSITIVE_INFINITY) < (times[below] as number)) below += 1;
      if ((times[below] as number) >= time) break;
      times[at] = times[below] as number;
      at = below;
    }
    times[at] = time;
  }
}
