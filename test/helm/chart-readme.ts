import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from 'yaml';

interface Row {
  readonly key: string;
  readonly value: string;
  readonly description: string;
}

/** The README of the chart: what is written by hand, and a table of all values with the comments that begin with `--`. */
export function chartReadme(chart: string): string {
  const head = readFileSync(join(chart, 'README.head.md'), 'utf8').trimEnd();
  const document = parseDocument(readFileSync(join(chart, 'values.yaml'), 'utf8'));
  const rows = rowsOf(document.contents as YAMLMap<unknown, unknown>, '');
  const lines = rows.map(({ key, value, description }) => `| \`${key}\` | \`${value}\` | ${description} |`);
  return [
    head,
    '',
    '## Values',
    '',
    '| value | default | what it sets |',
    '|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}

function rowsOf(map: YAMLMap<unknown, unknown>, path: string): Row[] {
  return map.items.flatMap((pair, at) => {
    const key = `${path}${keyOf(pair)}`;
    const own = isScalar(pair.key) ? pair.key.commentBefore : undefined;
    // The comment above the first key of a map belongs to the map.
    const description = descriptionOf(own ?? (at === 0 ? map.commentBefore : undefined));
    const row = { key, description, value: JSON.stringify(defaultOf(pair)) };
    if (!isMap(pair.value) || pair.value.items.length === 0 || pair.value.flow) return [row];
    const inner = rowsOf(pair.value, `${key}.`);
    return description === '' ? inner : [{ ...row, value: 'see below' }, ...inner];
  });
}

function keyOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : '';
}

function defaultOf({ value }: Pair): unknown {
  return isScalar(value) ? value.value : isMap(value) ? value.toJSON() : JSON.parse(JSON.stringify(value));
}

/** What follows the last `--`; comments without it are for readers of the file. */
function descriptionOf(comment: string | null | undefined): string {
  const [, text = ''] = /(?:^|\n) -- ([\s\S]*)$/.exec(comment ?? '') ?? [];
  return text.replaceAll(/\n ?/g, ' ').replaceAll('|', '\\|').trim();
}
