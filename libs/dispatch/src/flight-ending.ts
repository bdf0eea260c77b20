import type { ErrorName, Frame } from '@millrace/protocol';
import type { Answer } from './answer.ts';

/** Ends that say something of one call and its way, and nothing of others like it: those try for themselves. */
const PERSONAL = new Set<ErrorName | undefined>([
  'cancelled',
  'deadline_exceeded',
  'outcome_unknown',
  'shutting_down',
  'worker_lost',
]);

/** How a call ended. */
export interface FlightEnding {
  /** As other front doors are told. */
  readonly frame: Pick<Frame, 'kind' | 'payload'>;
  /** Whether identical calls end the same way; if not, whether they may still find each other. */
  readonly sharing: 'shared' | 'again' | 'alone';
  readonly deliver: (answer: Answer) => void;
}

/** @param error JSON text of the error object that a call ended with */
export function sharingOf(error: string): FlightEnding['sharing'] {
  const { data } = JSON.parse(error) as { data?: { name?: ErrorName } };
  return PERSONAL.has(data?.name) ? 'again' : 'shared';
}
