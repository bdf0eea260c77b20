import type { Batch, WireBatch } from '@millrace/protocol';
import type { Job } from 'bullmq';

/** Workers that were lost while they had these calls, in this job or in the one from which they came. */
export function deathsOf({ stalledCounter }: Job<WireBatch>, { deaths = 0 }: Batch): number {
  return stalledCounter + deaths;
}

/** Which attempt this is, from 1. A batch that was taken from a lost worker had no say in it. */
export function attemptOf({ attemptsStarted, stalledCounter }: Job<WireBatch>): number {
  return attemptsStarted - stalledCounter;
}

export function backoffOf(job: Job<WireBatch>): number {
  const { backoff } = job.opts;
  const first = typeof backoff === 'object' ? (backoff.delay ?? 0) : (backoff ?? 0);
  return first * 2 ** (attemptOf(job) - 1);
}
