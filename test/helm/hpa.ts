import type { Tree } from './chart.ts';

/** One series of a metric: its labels and its value. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Replicas that an HPA asks for by External metrics with a target for each replica, before its bounds: of the series that
 * a selector chooses it takes the sum, of several metrics the highest. Source: `GetExternalPerPodMetricReplicas` and
 * `computeReplicasForMetrics` of the controller, kubernetes/pkg/controller/podautoscaler.
 *
 * @param seriesOf all series of a name, as the adapter has them
 */
export function wantedReplicas(spec: Tree, seriesOf: (name: string) => readonly Series[]): number {
  const wanted = spec.metrics.map(({ external: { metric, target } }: Tree) => {
    const chosen = seriesOf(metric.name).filter(({ labels }) => chooses(metric.selector, labels));
    return Math.ceil(chosen.reduce((sum, { value }) => sum + value, 0) / Number(target.averageValue));
  });
  return Math.max(...wanted);
}

function chooses({ matchLabels = {}, matchExpressions = [] }: Tree, labels: Series['labels']): boolean {
  const equal = Object.entries(matchLabels).every(([name, wanted]) => labels[name] === wanted);
  return equal && matchExpressions.every((expression: Tree) => fits(expression, labels));
}

function fits({ key, operator, values }: Tree, labels: Series['labels']): boolean {
  if (operator !== 'In') throw new Error(`the operator ${operator} of a selector is not known here`);
  return values.includes(labels[key]);
}

/** The series of a name in what a process exposes. */
export function seriesIn(exposition: string, name: string): Series[] {
  return exposition
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => ({
      labels: Object.fromEntries(
        [...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label, value]),
      ),
      value: Number(line.slice(line.lastIndexOf(' '))),
    }));
}
