import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const MAX_LINES = 300;

/** What only a `main.ts` may do; everything else gets the environment and the process as a parameter. */
const OF_MAIN = /\bprocess\.(env|on|once|exit|exitCode|argv)\b/;
const COMMENT = /^\s*(\/\/|\/?\*)/;
const isOfMain = (line: string) => OF_MAIN.test(line) && !COMMENT.test(line);

interface Source {
  readonly path: string;
  readonly lines: readonly string[];
}

const sources: Source[] = globSync('{apps,libs}/*/src/**/*.ts', { cwd: ROOT }).map((path) => ({
  path: path.split(sep).join('/'),
  lines: readFileSync(join(ROOT, path), 'utf8').trimEnd().split('\n'),
}));
const own = sources.filter(({ path }) => !path.endsWith('.test.ts'));

test('the files are found', () => {
  expect(own.map(({ path }) => path)).toContain('libs/service/src/index.ts');
});

test('only a main.ts reads the environment and the arguments, handles signals or exits', () => {
  const offences = own
    .filter(({ path }) => !path.endsWith('/src/main.ts'))
    .flatMap(({ path, lines }) => lines.filter(isOfMain).map((line) => `${path}: ${line.trim()}`));
  expect(offences).toEqual([]);
});

test(`no file is longer than ${MAX_LINES} lines`, () => {
  const long = own.filter(({ lines }) => lines.length > MAX_LINES);
  expect(long.map(({ path, lines }) => `${path}: ${lines.length}`)).toEqual([]);
});

test('a package of ours that is imported is listed in package.json', () => {
  const missing = own.flatMap(({ path, lines }) => {
    const folder = path.split('/').slice(0, 2).join('/');
    const manifest = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
    const listed = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    const imported = lines.flatMap((line) =>
      [...line.matchAll(/from '(@millrace\/[\w-]+)'/g)].map(([, name]) => name),
    );
    return imported.filter((name) => name && !listed.includes(name)).map((name) => `${folder}: ${name}`);
  });
  expect([...new Set(missing)]).toEqual([]);
});
