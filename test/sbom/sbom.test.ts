import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Bill } from './bill.ts';

const ROOT = join(import.meta.dirname, '../..');

interface Locked {
  readonly version: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

let bill: Bill;
let refs: Set<string>;

beforeAll(() => {
  const printed = execFileSync('npm', ['run', '-s', 'sbom'], { cwd: ROOT, encoding: 'utf8' });
  bill = JSON.parse(printed) as Bill;
  refs = new Set(bill.components.map((one) => one['bom-ref']));
}, 60_000);

/** Packages of the lock, as the bill names them. */
function locked(wanted: (one: Locked) => boolean): Set<string> {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  const installed = Object.entries(packages).filter(
    ([path, one]) => path.includes('node_modules/') && !one.link,
  );
  const chosen = installed.filter(([, one]) => wanted(one));
  return new Set(chosen.map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`));
}

const namesOf = (all: Iterable<string>) => [...all].map((ref) => ref.slice(0, ref.lastIndexOf('@')));

test('it is a CycloneDX document of every package that production uses, those of our tests included', () => {
  expect(bill.bomFormat).toBe('CycloneDX');
  expect([...locked(({ dev }) => dev !== true)].filter((ref) => !refs.has(ref))).toEqual([]);
  expect(namesOf(refs)).toEqual(expect.arrayContaining(['bullmq', 'zod', '@modelcontextprotocol/server']));
});

test('it has nothing that development alone uses', () => {
  const production = locked(({ dev }) => dev !== true);
  const development = [...locked(({ dev }) => dev === true)].filter((ref) => !production.has(ref));
  expect(namesOf(development)).toContain('vitest');
  expect(development.filter((ref) => refs.has(ref))).toEqual([]);
});

test('what depends on what names only what it has', () => {
  const [root] = bill.dependencies;
  const named = bill.dependencies.flatMap(({ ref, dependsOn = [] }) => [ref, ...dependsOn]);
  expect(named.filter((ref) => ref !== root?.ref && !refs.has(ref))).toEqual([]);
});
