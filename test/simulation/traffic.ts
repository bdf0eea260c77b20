/** Calls that arrive, in calls per second, at a time in seconds. */
export interface Traffic {
  readonly name: string;
  readonly seconds: number;
  readonly peak: number;
  readonly rateAt: (second: number) => number;
}

/** Ten times as much from one second to the next, and back. */
export function step(peak: number, seconds: number): Traffic {
  const rateAt = (at: number) => (at >= seconds * 0.1 && at < seconds * 0.6 ? peak : peak / 10);
  return { name: 'step', seconds, peak, rateAt };
}

/** From a tenth up to all in a steady slope, a plateau, and nothing after. */
export function ramp(peak: number, seconds: number): Traffic {
  const rateAt = (at: number) => {
    if (at >= seconds * 0.7) return 0;
    return peak * Math.min(1, 0.1 + (0.9 * at) / (seconds * 0.5));
  };
  return { name: 'ramp', seconds, peak, rateAt };
}

/** A tenth, and every five minutes all of it for twenty seconds. */
export function burst(peak: number, seconds: number): Traffic {
  const rateAt = (at: number) => (at % 300 >= 60 && at % 300 < 80 ? peak : peak / 10);
  return { name: 'burst', seconds, peak, rateAt };
}

/** One day from midnight to midnight: a fifth at 3 o'clock, all at 15 o'clock. */
export function diurnal(peak: number, seconds: number): Traffic {
  const rateAt = (at: number) => peak * (0.6 - 0.4 * Math.cos(2 * Math.PI * (at / seconds - 3 / 24)));
  return { name: 'diurnal', seconds, peak, rateAt };
}

/** The same all the time. */
export function steady(peak: number, seconds: number): Traffic {
  return { name: 'steady', seconds, peak, rateAt: () => peak };
}
