interface Pod {
  readonly readyAt: number;
}

/** The pods of a Deployment: each takes a while to start, and one that goes finishes its calls. Times are whole seconds. */
export class Fleet {
  readonly #startSeconds: number;
  #pods: Pod[];
  #podSeconds = 0;

  constructor(replicas: number, startSeconds: number) {
    this.#startSeconds = startSeconds;
    this.#pods = Array.from({ length: replicas }, () => ({ readyAt: 0 }));
  }

  get replicas(): number {
    return this.#pods.length;
  }

  /** Seconds that all pods together were there, and were paid for. */
  get podSeconds(): number {
    return this.#podSeconds;
  }

  /** How many take work. */
  ready(second: number): number {
    // In the order of their start: only those that start are looked at.
    return this.#pods.findLastIndex(({ readyAt }) => readyAt <= second) + 1;
  }

  /** Those that are not ready go first, as a ReplicaSet has it; they are the last ones of the list. */
  scaleTo(replicas: number, second: number): void {
    const readyAt = second + this.#startSeconds;
    while (this.#pods.length < replicas) this.#pods.push({ readyAt });
    this.#pods.length = replicas;
  }

  /** Another second goes by, in which `draining` calls still run on slots of pods that have gone. */
  pay(draining: number, slots: number): void {
    this.#podSeconds += this.#pods.length + Math.ceil(draining / slots);
  }
}
