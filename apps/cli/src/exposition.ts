/** One figure of the text that Prometheus reads. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Reads the text of `/metrics`. */
export function readExposition(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, key = '', text = '']) => [
      key,
      text.replaceAll(/\\(.)/g, '$1'),
    ]);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

/** All values of one name, added up. */
export function totalOf(samples: readonly Sample[], name: string): number {
  return samples.reduce((sum, sample) => (sample.name === name ? sum + sample.value : sum), 0);
}

/**
 * What a share of the requests between two readings of a histogram took at most, by its buckets.
 * @returns in the unit of the histogram; undefined when there was none, infinite when it is beyond the last bucket
 */
export function quantileOf(
  before: readonly Sample[],
  now: readonly Sample[],
  name: string,
  share: number,
): number | undefined {
  const buckets = bucketsOf(now, name);
  const earlier = new Map(bucketsOf(before, name));
  const counts = buckets.map(([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)] as const);
  const total = counts.at(-1)?.[1] ?? 0;
  if (total <= 0) return undefined;
  return counts.find(([, count]) => count >= total * share)?.[0];
}

/** Upper bounds and how many were within, over all series. */
function bucketsOf(samples: readonly Sample[], name: string): [number, number][] {
  const buckets = new Map<number, number>();
  for (const { name: of, labels, value } of samples) {
    if (of !== `${name}_bucket`) continue;
    const bound = labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le']);
    buckets.set(bound, (buckets.get(bound) ?? 0) + value);
  }
  return [...buckets].sort(([a], [b]) => a - b);
}
