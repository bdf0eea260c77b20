import type { RevisionScore, ScenarioScore } from './score.ts';

/** One row per scenario, then what did not pass, then the sums. */
export function renderScore(revision: string, score: RevisionScore): string {
  const scenarios = Object.entries(score.scenarios);
  const width = Math.max(...scenarios.map(([name]) => name.length));
  return [
    `Revision ${revision}, ${score.seconds} s`,
    ...scenarios.flatMap(([name, scenario]) => renderScenario(name.padEnd(width), scenario)),
    `${revision}: ${score.passed} passed, ${score.failed} failed (scored alone: ${score.scored.passed} passed, ${score.scored.failed} failed)`,
  ].join('\n');
}

function renderScenario(name: string, scenario: ScenarioScore): string[] {
  const { scored, passed, failed, warnings, skipped, complaints } = scenario;
  const remarks = [
    `${passed} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(warnings > 0 ? [`${warnings} warnings`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(scored ? [] : ['not scored']),
  ];
  return [
    `${failed > 0 ? '✗' : '✓'} ${name}  ${remarks.join(', ')}`,
    ...complaints.map((complaint) => `    ${complaint}`),
  ];
}
