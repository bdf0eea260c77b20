import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Measured } from './measured.ts';
import { type Panel, plot } from './plot.ts';
import { type PoolOutcome, runPool } from './pool-run.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { type ShardPoint, sweepShards } from './shards.ts';

const DOCS = join(import.meta.dirname, '../../docs');

/** Points of a line in a plot: more cannot be seen. */
const POINTS = 300;

export interface Run extends Scenario {
  readonly outcome: PoolOutcome;
}

/** @param only names; all when empty */
export function runScenarios(measured: Measured, only: readonly string[] = []): Run[] {
  return scenarios(measured)
    .filter(({ name }) => only.length === 0 || only.includes(name))
    .map((scenario) => ({ ...scenario, outcome: runPool(scenario.model) }));
}

/** The figures as a table in Markdown. */
export function renderRuns(runs: readonly Run[]): string {
  const head =
    '| traffic | calls/s at most | calls | wait p50 ms | wait p99 ms | workers at most | worker hours | of fixed |';
  const rows = runs.map(({ name, model, outcome }) => {
    const { calls, waitP50Ms, waitP99Ms, peakReplicas, podHours, fixedPodHours } = outcome;
    const numbers = [model.traffic.peak, calls, waitP50Ms, waitP99Ms, peakReplicas].map(whole);
    return `| ${[name, ...numbers, podHours.toFixed(1), `${whole((100 * podHours) / fixedPodHours)} %`].join(' | ')} |`;
  });
  return [head, '|---|---:|---:|---:|---:|---:|---:|---:|', ...rows].join('\n');
}

/** The plots by the names of their files in `docs/`. */
export function plots(runs: readonly Run[], points: readonly ShardPoint[]): Map<string, string> {
  const drawn = runs.map(
    ({ name, outcome }) => [`scaling-${name}.svg`, plot(panelsOf(name, outcome))] as const,
  );
  return new Map([...drawn, ['scaling-shards.svg', plot([shardPanel(points)])]]);
}

export function writePlots(measured: Measured, runs: readonly Run[]): void {
  for (const [file, svg] of plots(runs, sweepShards(measured))) writeFileSync(join(DOCS, file), svg);
}

function panelsOf(name: string, { moments }: PoolOutcome): Panel[] {
  const every = Math.ceil(moments.length / POINTS);
  const seen = moments.filter((_, at) => at % every === 0);
  const x = { label: 'minutes', least: 0, most: moments.length / 60 };
  const line = (label: string, of: (moment: (typeof seen)[number]) => number) => ({
    name: label,
    points: seen.map((moment) => [moment.second / 60, of(moment)] as const),
  });
  const panel = (title: string, label: string, lines: Panel['lines']): Panel => {
    const most = lines.flatMap(({ points }) => points).reduce((top, [, y]) => Math.max(top, y), 1);
    return { title, x, y: { label, least: 0, most }, lines };
  };
  return [
    panel(`${name}: calls that arrive`, 'calls/s', [line('arrive', ({ rate }) => rate)]),
    panel('Workers', 'workers', [line('wanted', (m) => m.replicas), line('ready', (m) => m.ready)]),
    panel('Calls that wait', 'calls', [line('waiting', ({ waiting }) => waiting)]),
  ];
}

function shardPanel(points: readonly ShardPoint[]): Panel {
  const counts = [...new Set(points.map(({ shards }) => shards))];
  return {
    title: 'Wait that Redis causes, by the number of pool shards',
    x: { label: 'calls/s', logarithmic: true, least: 1e5, most: 1e6 },
    y: { label: 'wait p99, ms', logarithmic: true, least: 10, most: 1e5 },
    lines: counts.map((count) => ({
      name: `${count} shard${count === 1 ? '' : 's'}`,
      points: points
        .filter(({ shards }) => shards === count)
        .map((one) => [one.rate, one.waitP99Ms] as const),
    })),
  };
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
