import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testCluster } from '@millrace/toolkit/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'apps/create-millrace/src/main.ts');

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-create-'));
});
afterEach(() => rm(folder, { recursive: true }));

function create(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { status, stdout, stderr };
}

describe('npm create millrace', () => {
  test('makes a package in one command, and asks nothing', async () => {
    const { status, stdout } = create('hello-tools', '--tool', 'hello', '--pool', 'hellos');
    expect([status, stdout]).toEqual([0, expect.stringContaining('cd hello-tools && npm test')]);
    const path = join(folder, 'hello-tools');
    const read = (file: string) => readFile(join(path, file), 'utf8');
    expect((await readdir(path)).sort()).toEqual(
      ['.dockerignore', '.gitignore', 'Dockerfile', 'README.md', 'helm-values.yaml'].concat([
        'millrace.json',
        'node_modules',
        'package.json',
        'src',
      ]),
    );
    expect(JSON.parse(await read('package.json'))).toMatchObject({ name: 'hello-tools' });
    expect(JSON.parse(await read('millrace.json'))).toMatchObject({ worker: { pools: ['hellos'] } });
    expect(parse(await read('helm-values.yaml'))).toMatchObject({
      pools: { hellos: { image: { repository: 'hello-tools' } } },
    });
    expect(await read('Dockerfile')).toContain('MILLRACE_POOLS=hellos');
    for (const file of ['src/plugin.ts', 'src/greet.ts', 'README.md', 'Dockerfile', 'helm-values.yaml'])
      expect(await read(file)).not.toMatch(/my-tools|my-pool/);
  });

  test('its own test passes', () => {
    expect(create('hello-tools', '--tool', 'hello').status).toBe(0);
    const { status, stdout } = spawnSync('npm', ['test', '--', '--no-cache'], {
      cwd: join(folder, 'hello-tools'),
      encoding: 'utf8',
      env: { ...process.env, PATH: [join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter) },
    });
    expect(stdout).toMatch(/Tests .*2 passed/);
    expect(status).toBe(0);
  });

  test('its tool runs in a cluster, with its own settings', async () => {
    expect(create('hello-tools', '--tool', 'hello').status).toBe(0);
    const path = join(folder, 'hello-tools');
    const settings = JSON.parse(await readFile(join(path, 'millrace.json'), 'utf8'));
    await using cluster = await testCluster({
      plugins: [join(path, settings.worker.plugins[0])],
      workerEnv: { MILLRACE_POOLS: settings.worker.pools.join(',') },
    });
    const { result } = await cluster.callTool({ name: 'hello', arguments: { name: 'Ada' } });
    expect(result).toMatchObject({ content: [{ text: 'Hello Ada!' }] });
  });

  test('a directory that is not empty is left alone', async () => {
    await mkdir(join(folder, 'full'));
    await writeFile(join(folder, 'full/file'), 'mine');
    expect(create('full')).toMatchObject({ status: 2, stderr: expect.stringContaining('full is not empty') });
    expect(create('full/file').stderr).toContain('full/file is a file');
    expect(await readdir(join(folder, 'full'))).toEqual(['file']);
  });

  test.each([
    [[], 'expected a directory'],
    [['a', 'b'], 'expected one directory'],
    [['Big Tools'], '--name: "Big Tools" — expected lower-case letters'],
    [['tools', '--tool', '1st'], '--tool: "1st" — expected a letter'],
    [['tools', '--pool', 'a/b'], '--pool: "a/b" — expected letters'],
    [['tools', '--link', '.'], '— expected a checkout of Millrace, after npm ci'],
    [['tools', '--nope'], "Unknown option '--nope'"],
  ])('%j is refused, and nothing is written', async (args, message) => {
    const { status, stderr } = create(...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(await readdir(folder)).toEqual([]);
  });
});
