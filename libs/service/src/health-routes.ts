import type { AdminRoute } from './admin-server.ts';
import { type Check, type HealthReport, runChecks } from './health.ts';
import type { Phase } from './lifecycle.ts';

export interface HealthRoutesOptions {
  readonly phase: () => Phase;
  /** What must work; asked at every request, since plugins come and go. */
  readonly checks: () => readonly Check[];
  /** What else operators may want to know beside readiness. */
  readonly details: () => Readonly<Record<string, unknown>>;
}

/**
 * `/livez`: the process answers. `/readyz`: it may be given work. `/health`: every check by name. A process that is not
 * live should be restarted; one that is not ready should only be left alone.
 */
export function healthRoutes({ phase, checks, details }: HealthRoutesOptions): Record<string, AdminRoute> {
  return {
    '/livez': () => ({ body: { status: 'alive' } }),
    '/readyz': async () => {
      const { checks: results } = await runChecks(checks().filter(({ readiness }) => readiness));
      const failing = results
        .filter(({ status }) => status !== 'healthy')
        .map(({ name, error }) => ({ name, error }));
      const ready = phase() === 'ready' && failing.length === 0;
      return { status: ready ? 200 : 503, body: { phase: phase(), ...details(), failing } };
    },
    '/health': async () => {
      const report = reportOf(await runChecks(checks()), phase());
      return { status: report.status === 'unhealthy' ? 503 : 200, body: { phase: phase(), ...report } };
    },
  };
}

/** A process that begins or ends does its work only in part. */
function reportOf(report: HealthReport, phase: Phase): HealthReport {
  return report.status === 'healthy' && phase !== 'ready' ? { ...report, status: 'degraded' } : report;
}
