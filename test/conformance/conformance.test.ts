import { expect, test } from 'vitest';
import { runConformance, type Scores } from './conformance.ts';

/** Both requirement sets are done in a quarter of this on two cores. */
const TIMEOUT_MS = 120_000;

/** What the suite complains of, by revision and scenario; warnings too. */
function complaintsOf(scores: Scores): string[] {
  return Object.entries(scores).flatMap(([revision, { scenarios }]) =>
    Object.entries(scenarios).flatMap(([scenario, { complaints }]) =>
      complaints.map((complaint) => `${revision} ${scenario}: ${complaint}`),
    ),
  );
}

test(
  'a cluster passes the official suite when the replica changes at every request',
  async () => {
    const scores = await runConformance();
    expect(complaintsOf(scores)).toEqual([]);
    // Checks that do not apply are not counted: without the numbers, a feature that is gone would pass.
    expect(scores['2025-11-25']?.passed).toBeGreaterThanOrEqual(84);
    expect(scores['2026-07-28']?.passed).toBeGreaterThanOrEqual(196);
  },
  TIMEOUT_MS,
);
