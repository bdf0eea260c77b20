/** One check of the suite, as it writes it down. */
export interface Check {
  readonly id: string;
  readonly name: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  readonly errorMessage?: string;
}

export interface ScenarioScore {
  /** Whether the requirement set counts the scenario: extensions and the like are only reported. */
  readonly scored: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly warnings: number;
  readonly skipped: number;
  /** What did not pass, with the reason that the suite gives. */
  readonly complaints: readonly string[];
}

export interface RevisionScore {
  /** Checks of all scenarios, scored or not. */
  readonly passed: number;
  readonly failed: number;
  /** The same of the scored scenarios alone. */
  readonly scored: { readonly passed: number; readonly failed: number };
  readonly seconds: number;
  readonly scenarios: Readonly<Record<string, ScenarioScore>>;
}

/** @param checks of one scenario; undefined when the suite could not run it, which is one failure */
export function scoreScenario(checks: readonly Check[] | undefined, scored: boolean): ScenarioScore {
  if (checks === undefined) {
    return {
      scored,
      passed: 0,
      failed: 1,
      warnings: 0,
      skipped: 0,
      complaints: ['the suite could not run it'],
    };
  }
  const count = (status: Check['status']) => checks.filter((check) => check.status === status).length;
  return {
    scored,
    passed: count('SUCCESS'),
    failed: count('FAILURE'),
    warnings: count('WARNING'),
    skipped: count('SKIPPED'),
    complaints: checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING').map(complain),
  };
}

function complain({ status, name, id, errorMessage }: Check): string {
  return `${status.toLowerCase()} ${id} (${name}): ${errorMessage ?? 'no reason given'}`;
}

export function scoreRevision(
  scenarios: Readonly<Record<string, ScenarioScore>>,
  seconds: number,
): RevisionScore {
  const all = Object.values(scenarios);
  return { ...total(all), scored: total(all.filter(({ scored }) => scored)), seconds, scenarios };
}

function total(scores: readonly ScenarioScore[]): { passed: number; failed: number } {
  return {
    passed: scores.reduce((sum, { passed }) => sum + passed, 0),
    failed: scores.reduce((sum, { failed }) => sum + failed, 0),
  };
}
