import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** What is installed is what was looked at: fixed by hash, from the registry alone, and without scripts that nobody allowed. */
interface Package {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
  readonly workspaces?: readonly string[];
}

const ROOT = join(import.meta.dirname, '../..');
const read = <T>(file: string) => JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as T;
const lock = read<{ lockfileVersion: number; packages: Record<string, Package> }>('package-lock.json');
const manifest = read<Package>('package.json');
const installed = Object.entries(lock.packages).filter(
  ([path, { link }]) => path.includes('node_modules/') && !link,
);

test('every package is fixed by its hash', () => {
  expect(installed.length).toBeGreaterThan(100);
  expect(
    installed.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path),
  ).toEqual([]);
});

test('every package comes from the registry', () => {
  const foreign = installed.filter(
    ([, { resolved = '' }]) => resolved !== '' && !resolved.startsWith('https://registry.npmjs.org/'),
  );
  expect(foreign.map(([path]) => path)).toEqual([]);
});

test('whoever has a script that runs at installation is on the list, allowed or not', () => {
  const scripted = installed
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.replace(/^.*node_modules\//, ''));
  expect(Object.keys(manifest.allowScripts ?? {})).toEqual(expect.arrayContaining(scripted));
  const allowed = Object.entries(manifest.allowScripts ?? {}).filter(([, isAllowed]) => isAllowed);
  expect(allowed.map(([name]) => name)).toEqual(['node']);
});

test('the lock file has what the manifests ask for', () => {
  const manifests = Object.entries(lock.packages).filter(
    ([path]) => path === '' || /^(apps|libs)\/[^/]+$/.test(path),
  );
  expect(manifests.length).toBeGreaterThan(10);
  for (const [path, { dependencies = {}, devDependencies = {} }] of manifests) {
    const asked = read<Package>(join(path, 'package.json'));
    expect([path, { ...asked.dependencies, ...asked.devDependencies }]).toEqual([
      path,
      { ...dependencies, ...devDependencies },
    ]);
  }
});
