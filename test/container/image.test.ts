import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findRedis, type LocalRedis } from '@millrace/broker';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { connectModern } from '../support/clients.ts';
import { Container } from './container.ts';
import { parseDockerfile, type Stage } from './dockerfile.ts';
import { ImageBuild } from './image-build.ts';

/** Each test starts processes of its own. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const ROOT = join(import.meta.dirname, '../..');
const nodeFolder = dirname(process.execPath);
const root = mkdtempSync(join(tmpdir(), 'millrace-image-'));
const running: Container[] = [];
let redis: LocalRedis;
let stages: readonly Stage[];
let build: ImageBuild;

/** The Dockerfile of the documentation for somebody's own tools, on top of ours. */
function withOwnTools(): Stage[] {
  const page = readFileSync(join(ROOT, 'docs/container.md'), 'utf8');
  const [, example = ''] = /```dockerfile\n([\s\S]*?)```/.exec(page) ?? [];
  return parseDockerfile(example.replace('FROM millrace-worker', 'FROM worker AS own-tools'));
}

/** Where `docker run` of the documentation mounts the tools, and what it says of them. */
function documentedMount(): { readonly folder: string; readonly plugins: string } {
  const page = readFileSync(join(ROOT, 'docs/container.md'), 'utf8');
  const [, plugins = '', folder = ''] =
    /MILLRACE_PLUGINS=(\S+) -v \.\/tools:([^:\s]+):ro millrace-worker/.exec(page) ?? [];
  return { folder, plugins };
}

beforeAll(async () => {
  stages = parseDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));
  const ignore = readFileSync(join(ROOT, '.dockerignore'), 'utf8');
  build = new ImageBuild({ stages, context: ROOT, ignore, root, nodeFolder });
  for (const target of ['front-door', 'worker', 'cli']) build.build(target);
  redis = await findRedis({});
}, 180_000);

afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

afterAll(async () => {
  await redis.stop();
  rmSync(root, { recursive: true, force: true });
});

function start(
  target: string,
  env: Record<string, string> = {},
  own: Partial<{ stages: readonly Stage[]; build: ImageBuild }> = {},
) {
  const common = {
    REDIS_URL: redis.url,
    MILLRACE_AUTH: 'none',
    MILLRACE_ADMIN_PORT: '0',
    MILLRACE_LOG_LEVEL: 'debug',
  };
  const container = new Container({
    stages,
    build,
    target,
    env: { ...common, MILLRACE_HTTP_PORT: '0', NODE_COMPILE_CACHE: join(root, 'compile-cache'), ...env },
    ...own,
  });
  running.push(container);
  return container;
}

test('an image holds the production packages, and neither tests nor tools of development', () => {
  const app = build.workdirOf('worker');
  expect(globSync('{apps,libs}/**/*.test.ts', { cwd: app })).toEqual([]);
  const packages = ['bullmq', 'zod', '@millrace/toolkit', 'typescript', 'vitest', '@biomejs/biome'];
  expect(packages.map((name) => existsSync(join(app, 'node_modules', name)))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('its modules are compiled when it is built, so that a container is up sooner', () => {
  const cache = join(build.workdirOf('base'), '.compile-cache');
  expect(globSync('*/*', { cwd: cache }).length).toBeGreaterThan(100);
});

test('the containers serve a call with tools of an own image, are healthy, write nothing to their root, and stop with 0', async () => {
  const own = [...stages, ...withOwnTools()];
  const context = join(ROOT, 'helm/millrace/files');
  const ownBuild = new ImageBuild({ stages: own, context, ignore: '', root, nodeFolder });
  for (const { name } of stages) ownBuild.adopt(name);
  ownBuild.build('own-tools');
  const before = globSync('**', { cwd: ownBuild.rootOf('own-tools') });
  const worker = start('own-tools', {}, { stages: own, build: ownBuild });
  const { admin } = await worker.listening();
  const frontDoor = start('front-door');
  const ports = await frontDoor.listening();
  await frontDoor.logs.first('the catalogue changed', { workers: 1 });
  expect([frontDoor.health(ports.admin.port), worker.health(admin.port)]).toEqual([0, 0]);

  const client = await connectModern(`http://127.0.0.1:${ports.http?.port}/mcp`);
  const answer = await client.callTool({ name: 'hello', arguments: { name: 'Ada' } });
  expect(answer.content).toEqual([{ type: 'text', text: 'hello, Ada' }]);

  await client.close();
  expect(await Promise.all([frontDoor.stop(), worker.stop()])).toEqual([0, 0]);
  expect(frontDoor.health(ports.admin.port)).toBe(1);
  expect([frontDoor.errors, worker.errors]).toEqual(['', '']);
  expect(globSync('**', { cwd: ownBuild.rootOf('own-tools') })).toEqual(before);
  running.length = 0;
});

test('a folder that is mounted brings its tools, and gets nothing written into it', async () => {
  const { folder, plugins } = documentedMount();
  const tools = join(ROOT, 'helm/millrace/files/tools');
  // A copy: of a link Node takes the place that it leads to, where other packages are.
  cpSync(tools, build.pathIn('worker', folder), { recursive: true });
  onTestFinished(() => rmSync(build.pathIn('worker', folder), { recursive: true }));
  const worker = start('worker', { MILLRACE_PLUGINS: plugins });
  const frontDoor = start('front-door');
  const [ports] = await Promise.all([frontDoor.listening(), worker.listening()]);
  await frontDoor.logs.first('the catalogue changed', { workers: 1 });
  const client = await connectModern(`http://127.0.0.1:${ports.http?.port}/mcp`);
  const answer = await client.callTool({ name: 'hello', arguments: { name: 'Grace' } });
  expect(answer.content).toEqual([{ type: 'text', text: 'hello, Grace' }]);
  await client.close();
  expect(globSync('**', { cwd: build.pathIn('worker', folder) })).toEqual(globSync('**', { cwd: tools }));
});

test('a container without its settings says what it needs, and ends with 1', async () => {
  const container = start('worker', { REDIS_URL: '' });
  expect(await container.exitCode()).toBe(1);
  expect(container.errors).toMatch(/REDIS_URL/);
  running.length = 0;
});

test('the command line runs from its image', async () => {
  const container = start('cli');
  expect(await container.exitCode()).toBe(0);
  expect(container.output).toContain('Usage: millrace <command>');
  running.length = 0;
});
