/** One thing that was looked at. */
export interface Finding {
  readonly level: 'good' | 'doubtful' | 'wrong';
  readonly what: string;
  /** What to do; absent where all is well. */
  readonly advice?: string;
}

export function good(what: string): Finding {
  return { level: 'good', what };
}

export function doubtful(what: string, advice: string): Finding {
  return { level: 'doubtful', what, advice };
}

export function wrong(what: string, advice: string): Finding {
  return { level: 'wrong', what, advice };
}
