import type { Outcome } from './chaos.ts';
import { BARS, type Figures } from './verdict.ts';

const HEAD = ['figure', 'value', 'bar', ''] as const;

/** The figures as Markdown, then what was done and how calls ended. */
export function renderTable({
  figures,
  outcomes,
  broken,
  faultCounts,
  complaints,
  findings,
}: Outcome): string {
  const rows = Object.entries(figures).map(([name, value]) => row(name as keyof Figures, value));
  const widths = HEAD.map((head, column) =>
    Math.max(head.length, ...rows.map((one) => one[column]?.length ?? 0)),
  );
  const lines = [[...HEAD], widths.map((width) => '-'.repeat(width)), ...rows].map((cells) =>
    line(cells, widths),
  );
  return [
    ...lines,
    '',
    `faults: ${list(faultCounts)}`,
    `answers: ${list(outcomes)}`,
    `not idempotent, and the connection broke with the front door: ${broken}`,
    ...findings.map((finding) => `FOUND ${finding}`),
    ...complaints.map((complaint) => `COMPLAINT ${complaint}`),
  ].join('\n');
}

function row(name: keyof Figures, value: number): string[] {
  const bar = (BARS as Partial<Figures>)[name];
  const text = name === 'seed' ? String(value) : value.toLocaleString('en');
  if (bar === undefined) return [name, text, '', ''];
  return [name, text, `≤ ${bar.toLocaleString('en')}`, value <= bar ? 'pass' : 'MISS'];
}

function line(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, column) =>
    column === 1 || column === 2 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
  );
  return `| ${padded.join(' | ')} |`;
}

function list(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.map(([name, count]) => `${name} ${count}`).join(', ') || 'none';
}
