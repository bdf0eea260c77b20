import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { documentedMetrics, queryableNames } from '../support/documented-metrics.ts';
import { namesIn } from '../support/promql.ts';
import { promtool } from '../support/promtool.ts';

const PATH = fileURLToPath(new URL('../../helm/millrace/files/dashboards/millrace.json', import.meta.url));
const FETCH_MS = 180_000;

interface Dashboard {
  readonly panels: readonly { id: number; title: string; targets?: readonly { expr: string }[] }[];
  readonly templating: { readonly list: readonly { query: { query: string } | string }[] };
}

const dashboard = JSON.parse(await readFile(PATH, 'utf8')) as Dashboard;
const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ title, expr })),
);
const variables = dashboard.templating.list.flatMap(({ query }) =>
  typeof query === 'string' ? [] : [query.query.replace(/^label_values\((\w+), \w+\)$/, '$1')],
);

test('every query asks for metrics that are exposed', () => {
  const known = queryableNames();
  const asked = [...queries.map(({ expr }) => expr), ...variables].map((expr) => namesIn(expr));
  for (const names of asked) expect(names.length).toBeGreaterThan(0);
  expect(asked.flat().filter((name) => !known.has(name))).toEqual([]);
});

test('every metric of Millrace is shown', () => {
  const shown = new Set(
    queries.flatMap(({ expr }) => namesIn(expr)).map((name) => name.replace(/_(bucket|sum|count)$/, '')),
  );
  const own = documentedMetrics().filter(({ name }) => /^(mcp|millrace)_/.test(name));
  expect(own.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([]);
});

test('panels have an id of their own', () => {
  const ids = dashboard.panels.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test(
  'Prometheus can read every query',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'millrace-dashboard-'));
    try {
      const rules = queries.map(({ expr }, at) => ({ record: `panel:${at}`, expr: expandVariables(expr) }));
      await writeFile(`${directory}/rules.yaml`, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
      const { ok, output } = await promtool('check', 'rules', `${directory}/rules.yaml`);
      expect(ok, output).toBe(true);
    } finally {
      await rm(directory, { recursive: true });
    }
  },
  FETCH_MS,
);

function expandVariables(query: string): string {
  return query.replaceAll('$__rate_interval', '1m').replaceAll(/\$(tool|pool)/g, '.*');
}

describe('the names in a query', () => {
  test.each([
    ['sum by (pool) (rate(a_total{x="b_total"}[5m])) > 0', ['a_total']],
    ['a / on (job, instance) b_bytes > 0.8', ['a', 'b_bytes']],
    ['histogram_quantile(0.95, sum by (le) (rate(h_bucket[$__rate_interval])))', ['h_bucket']],
    ['(max by (pool) (w{state="waiting"}) > 0) and on (pool) (max(v) == 0)', ['w', 'v']],
  ])('%s', (query, names) => {
    expect(namesIn(query)).toEqual(names);
  });
});
