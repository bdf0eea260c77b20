import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { queryableNames } from '../support/documented-metrics.ts';
import { namesIn } from '../support/promql.ts';
import { promtool } from '../support/promtool.ts';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const RULES = path('../../helm/millrace/files/rules/millrace.yaml');
const CASES = path('alert-cases.yaml');
const PAGE = path('../../docs/alerts.md');
const FETCH_MS = 180_000;

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

const text = await readFile(RULES, 'utf8');
const rules = (parse(text) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const cases = await readFile(CASES, 'utf8');
const page = await readFile(PAGE, 'utf8');

/** Runs the cases against these rules. */
async function testRules(rulesText: string) {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-alerts-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'rules.yaml'), rulesText);
  await writeFile(join(directory, 'cases.yaml'), cases.replace('RULES', join(directory, 'rules.yaml')));
  return promtool('test', 'rules', join(directory, 'cases.yaml'));
}

test(
  'promtool takes the rules, and every one fires when it should, and not just below its limit',
  async () => {
    expect(await promtool('check', 'rules', RULES)).toMatchObject({ ok: true });
    const { ok, output } = await testRules(text);
    expect(ok, output).toBe(true);
  },
  FETCH_MS,
);

test(
  'the cases notice a limit that has moved',
  async () => {
    const moved = await testRules(text.replace('> 0.05', '> 0.5').replace('> 0.8\n', '> 0.95\n'));
    expect(moved.ok).toBe(false);
    expect(moved.output).toContain('MillraceErrorRate');
  },
  FETCH_MS,
);

test('each alert has a case that makes it fire', () => {
  const { tests } = parse(cases) as {
    tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
  };
  const fired = tests
    .flatMap((one) => one.alert_rule_test)
    .filter(({ exp_alerts }) => exp_alerts.length > 0)
    .map(({ alertname }) => alertname);
  expect(new Set(fired)).toEqual(new Set(rules.map(({ alert }) => alert)));
});

test('each alert asks for metrics that exist', () => {
  const known = queryableNames();
  const unknown = rules.flatMap(({ expr }) => namesIn(expr).filter((name) => !known.has(name)));
  expect(unknown).toEqual([]);
  for (const { expr } of rules) expect(namesIn(expr).length).toBeGreaterThan(0);
});

test('each alert has its runbook, and each runbook its alert', () => {
  const sections = [...page.matchAll(/^## (\w+)\n\n(\*(Critical|Warning): .+)/gm)];
  const told = sections.map(([, alert, , severity]) => `${alert} ${severity?.toLowerCase()}`);
  expect(told.toSorted()).toEqual(rules.map(({ alert, labels }) => `${alert} ${labels.severity}`).sort());
  for (const { alert, annotations } of rules) {
    expect(annotations.runbook_url).toBe(`docs/alerts.md#${alert.toLowerCase()}`);
  }
});
