/** How the processes of a fleet tell each other which entries changed. */
export interface Invalidations {
  /** Whether it hears of every change at this moment. */
  readonly hears: boolean;
  /** Tells the other processes. Never rejects: what they are not told they read anew within seconds. */
  tell(key: string): Promise<void>;
  /** The listener gets each key that another process changed, and undefined when something may have been missed. */
  onInvalid(listener: (key: string | undefined) => void): void;
}
