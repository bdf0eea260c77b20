import { type Clock, systemClock } from './clock.ts';

/** One thing that must work. `run` throws, or rejects, when it does not. */
export interface Check {
  readonly name: string;
  /** Without it the process can still do its work: a failure counts as degraded only. */
  readonly optional?: boolean;
  /** While it fails, the process should be given no work. */
  readonly readiness?: boolean;
  run(): Promise<void> | void;
}

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

export interface CheckResult {
  readonly name: string;
  readonly status: HealthStatus;
  readonly responseTimeMs: number;
  readonly error?: string;
}

export interface HealthReport {
  readonly status: HealthStatus;
  readonly checks: readonly CheckResult[];
}

/** Runs all checks at once; one that takes longer than `timeoutMs` counts as failed. Never rejects. */
export async function runChecks(
  checks: readonly Check[],
  timeoutMs = 5000,
  clock: Clock = systemClock,
): Promise<HealthReport> {
  const results = await Promise.all(checks.map((check) => runCheck(check, timeoutMs, clock)));
  return { status: worst(results), checks: results };
}

async function runCheck(check: Check, timeoutMs: number, clock: Clock): Promise<CheckResult> {
  const since = clock.now();
  const outcome = (status: HealthStatus) => ({
    name: check.name,
    status,
    responseTimeMs: Math.max(0, clock.now() - since),
  });
  try {
    await withTimeout(async () => check.run(), timeoutMs);
    return outcome('healthy');
  } catch (failure) {
    const error = failure instanceof Error ? failure.message : String(failure);
    return { ...outcome(check.optional ? 'degraded' : 'unhealthy'), error };
  }
}

async function withTimeout(run: () => Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([run(), expiry]);
  } finally {
    clearTimeout(timer);
  }
}

function worst(results: readonly CheckResult[]): HealthStatus {
  const has = (status: HealthStatus) => results.some((result) => result.status === status);
  if (has('unhealthy')) return 'unhealthy';
  return has('degraded') ? 'degraded' : 'healthy';
}
