import { readFileSync } from 'node:fs';

const METRICS_PAGE = new URL('../../docs/metrics.md', import.meta.url);

export interface DocumentedMetric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

/** The rows of the tables in `docs/metrics.md`; those of the process tell no labels. */
export function documentedMetrics(): readonly DocumentedMetric[] {
  return readFileSync(METRICS_PAGE, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const cells = line.split('|').map((cell) => cell.trim());
      const [, name = '', type = '', third = '', fourth = ''] = cells;
      const labels = fourth === '' || third === '–' ? [] : third.split(', ');
      return { name: name.replaceAll('`', ''), type, labels, help: fourth === '' ? third : fourth };
    });
}

/** Names that a query may use: a histogram has three of them. */
export function queryableNames(): ReadonlySet<string> {
  return new Set(
    documentedMetrics().flatMap(({ name, type }) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
}
