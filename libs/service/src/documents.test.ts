import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const documents = globSync('{*.md,docs/**/*.md,{apps,libs}/*/README.md}', { cwd: ROOT });

/** A file or folder of the repository, as documents name it: in backticks, from the top. */
const NAMED = /`((?:apps|libs|test|docs)\/[\w./-]+)`/g;
const LINKED = /\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g;

test('the documents are found', () => {
  expect(documents).toEqual(expect.arrayContaining(['CONTRIBUTING.md', 'libs/service/README.md']));
});

test.each(documents)('what %s names is there', (document) => {
  const text = readFileSync(join(ROOT, document), 'utf8');
  const named = [...text.matchAll(NAMED)].map(([, path = '']) => join(ROOT, path));
  const linked = [...text.matchAll(LINKED)].map(([, path = '']) => join(ROOT, dirname(document), path));
  expect([...named, ...linked].filter((path) => !existsSync(path))).toEqual([]);
});
