import type { Metrics } from '@millrace/service';
import type { BreakerBoard } from './breaker-board.ts';

const LEVELS = { closed: 0, 'half-open': 1, open: 2 } as const;

/** Counts how breakers change, and shows how they stand, as this process knows it. */
export function countBreakers(
  board: BreakerBoard,
  { breakerState, breakerChanges }: Pick<Metrics, 'breakerState' | 'breakerChanges'>,
): void {
  board.onChange(({ name, status }) => {
    breakerState.set({ breaker: name }, LEVELS[status]);
    breakerChanges.inc({ breaker: name, state: status });
  });
}
