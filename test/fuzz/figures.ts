/** What a run comes to, with the names that programs read. */
export interface FuzzFigures {
  readonly requests: number;
  /** Processes that ended by themselves. */
  readonly crashes: number;
  /** Answers that blame the server: a status of 500 and above but 503, or an internal error. */
  readonly server_errors: number;
  readonly wrongly_accepted: number;
  /** Requests that got neither an answer nor the end of their connection. */
  readonly unanswered: number;
  /** Longest time for which a front door or worker had no eye for anything else, in processor milliseconds. */
  readonly max_loop_block_ms: number;
  /** By how much the memory of the process that grew most is larger than before, as a part of that. */
  readonly memory_growth: number;
  readonly seed: number;
}

/** Above it a run fails. */
const BARS: Partial<Record<keyof FuzzFigures, number>> = {
  crashes: 0,
  server_errors: 0,
  wrongly_accepted: 0,
  unanswered: 0,
  max_loop_block_ms: 200,
  memory_growth: 0.1,
};

/** @returns a line for each figure that is worse than it may be */
export function missedBars(figures: FuzzFigures): string[] {
  return Object.entries(BARS).flatMap(([name, bar]) => {
    const value = figures[name as keyof FuzzFigures];
    return value > bar ? [`${name}: ${value}, at most ${bar}`] : [];
  });
}
