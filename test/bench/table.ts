import { type Bar, FIGURES, type Figure, reaches } from './figures.ts';
import type { Machine } from './machine.ts';

const HEAD = ['figure', 'value', 'bar', '', 'what it is'];

/** The table as Markdown that reads as well in a terminal. Figures that were not measured are left out. */
export function renderTable(machine: Machine, figures: Readonly<Record<string, number>>): string {
  const rows = FIGURES.flatMap((figure) => {
    const value = figures[figure.name];
    return value === undefined ? [] : [row(figure, value)];
  });
  const lines = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const [head, ...body] = lines.map((line) => format(line, widths));
  return [describe(machine), '', head, format(rule(widths), widths), ...body].join('\n');
}

function describe({ cpu, cores, memoryGb, node, redis }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGb} GB, Node ${node}, Redis ${redis}`;
}

function row({ name, meaning, digits, bar }: Figure, value: number): string[] {
  const verdict = bar === undefined ? '' : reaches(bar, value) ? 'pass' : 'MISS';
  return [name, grouped(value, digits), bar ? barText(bar) : '', verdict, meaning];
}

function barText(bar: Bar): string {
  return 'atLeast' in bar ? `≥ ${bar.atLeast}` : `≤ ${bar.atMost}`;
}

function grouped(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The second and third column hold numbers: Markdown aligns them right, and so do we. */
function rule(widths: readonly number[]): string[] {
  return widths.map((width, column) => (isNumber(column) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
}

function format(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, column) => {
    const width = widths[column] ?? 0;
    return isNumber(column) ? cell.padStart(width) : cell.padEnd(width);
  });
  return `| ${padded.join(' | ')} |`;
}

function isNumber(column: number): boolean {
  return column === 1 || column === 2;
}
