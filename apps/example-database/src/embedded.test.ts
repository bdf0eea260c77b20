import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PoolOptions, ResourcePool } from '@millrace/toolkit';
import { expect, it, onTestFinished } from 'vitest';
import { openEmbedded } from './embedded.ts';
import { Users } from './users.ts';
import { prepareUsersTable } from './users-table.ts';

const openPool = <R extends object>(options: PoolOptions<R>) => new ResourcePool<R>(options);

it('an embedded database in a directory keeps its users', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-users-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const first = openEmbedded(openPool, join(directory, 'data'));
  await prepareUsersTable(first);
  await new Users(first).create({ email: 'new@millrace.example', name: 'New', role: 'viewer' });
  await first.close();

  const second = openEmbedded(openPool, join(directory, 'data'));
  await prepareUsersTable(second);
  expect(await new Users(second).list({}, 100, 0)).toMatchObject({ total: 9 });
  await second.close();
}, 60_000);
