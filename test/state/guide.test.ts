import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { Session } from '../support/session.ts';
import { callInSession, callModern } from './keeping.ts';

interface Cart {
  readonly articles: readonly string[];
  readonly cart?: string;
}

const ROOT = join(import.meta.dirname, '../..');

/** The first example of docs/state.md runs as it stands there. */
const [, example = ''] = /```ts\n(.*?)```/s.exec(await readFile(join(ROOT, 'docs/state.md'), 'utf8')) ?? [];
const directory = await mkdtemp(join(tmpdir(), 'millrace-guide-'));
await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
await writeFile(join(directory, 'shop.ts'), example);

const cluster = await startCluster({
  workers: 2,
  workerEnv: { MILLRACE_PLUGINS: join(directory, 'shop.ts') },
});
afterAll(async () => {
  await cluster.stop();
  await rm(directory, { recursive: true });
});

test('a client of 2026-07-28 brings the handle of its cart back', async () => {
  const first = await callModern<Cart>(cluster.url, 'add_to_cart', { article: 'tea' });
  const second = await callModern<Cart>(cluster.url, 'add_to_cart', { article: 'milk', cart: first.cart });
  expect(second).toEqual({ articles: ['tea', 'milk'], cart: first.cart });
  const other = await callModern<Cart>(cluster.url, 'add_to_cart', { article: 'salt' });
  expect(other.articles).toEqual(['salt']);
});

test('a session has its cart without a handle', async () => {
  const session = await Session.open(cluster.url);
  for (const articles of [['tea'], ['tea', 'tea']]) {
    expect(await callInSession<Cart>(session, cluster.url, 'add_to_cart', { article: 'tea' })).toEqual({
      articles,
    });
  }
});
