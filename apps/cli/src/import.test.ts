import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runImport } from './import.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-import-'));
afterAll(() => rmSync(folder, { recursive: true }));

function runs(...args: string[]) {
  let stdout = '';
  let stderr = '';
  const status = runImport(args, {
    print: (text) => {
      stdout += text;
    },
    complain: (text) => {
      stderr += text;
    },
  });
  return { status, stdout, stderr };
}

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const servers = file('mcp.json', {
  mcpServers: { memory: { command: 'npx', args: ['-y', 'memory'] }, old: { type: 'sse', url: 'http://x' } },
});
const upstreams = { memory: { command: 'npx', args: ['-y', 'memory'], prefix: 'memory_' } };

test('is a command', () => {
  const main = new URL('./main.ts', import.meta.url).pathname;
  const { status, stdout } = spawnSync(process.execPath, [main, 'import', servers], {
    encoding: 'utf8',
    env: {},
  });
  expect([status, JSON.parse(stdout)]).toEqual([0, { worker: { upstreams } }]);
});

test('prints the settings, and apart from them what was left out', () => {
  const { status, stdout, stderr } = runs(servers);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ worker: { upstreams } });
  expect(stderr).toMatch(/^old was left out: SSE alone/);
});

test('makes a file of settings that only its owner reads', () => {
  const config = join(folder, 'new.json');
  const { status, stdout } = runs(servers, '--into', config);
  expect([status, stdout]).toEqual([0, expect.stringContaining(`MILLRACE_CONFIG=${config}`)]);
  expect(JSON.parse(readFileSync(config, 'utf8'))).toEqual({ worker: { upstreams } });
  expect(statSync(config).mode & 0o777).toBe(0o600);
});

test('adds to a file of settings, and never replaces an upstream', () => {
  const other = { command: 'other' };
  const config = file('old.json', { redisUrl: 'redis://x', worker: { slots: 8, upstreams: { other } } });
  expect(runs(servers, '--into', config).status).toBe(0);
  const merged = { redisUrl: 'redis://x', worker: { slots: 8, upstreams: { other, ...upstreams } } };
  expect(JSON.parse(readFileSync(config, 'utf8'))).toEqual(merged);
  expect(runs(servers, '--into', config)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining(`${config}: there is an upstream memory already`),
  });
  expect(JSON.parse(readFileSync(config, 'utf8'))).toEqual(merged);
});

test.each([
  { why: 'no file', args: [], message: 'usage: millrace import FILE' },
  { why: 'a file that is not there', args: ['/no/such.json'], message: '/no/such.json: ENOENT' },
  { why: 'something else', args: [file('broken', '{')], message: 'broken: ' },
  {
    why: 'no server at all',
    args: [file('none', { mcpServers: {} })],
    message: 'there is no server that can be hosted',
  },
  {
    why: 'settings that are none',
    args: [servers, '--into', file('list', [])],
    message: 'expected an object',
  },
])('refuses $why', ({ args, message }) => {
  const { status, stdout, stderr } = runs(...args);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain(message);
});
