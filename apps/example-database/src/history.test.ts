import { type Call, createCallContext, type JsonObject, Registry } from '@millrace/toolkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import exampleDatabase from './index.ts';
import { hasPostgres, startPostgres } from './testing/postgres-server.ts';

const STARTING_MS = 60_000;

interface Backend {
  readonly env: Record<string, string>;
  stop(): Promise<void>;
}

const embedded = async (): Promise<Backend> => ({ env: {}, stop: async () => {} });

async function server(): Promise<Backend> {
  const { url, stop } = await startPostgres();
  return { env: { DATABASE_URL: url }, stop };
}

/** The one suite that both databases pass. */
function keepsHistories(start: () => Promise<Backend>): void {
  let backend: Backend;
  let registry: Registry;

  beforeAll(async () => {
    backend = await start();
    registry = new Registry({ env: backend.env });
    await registry.register(exampleDatabase);
  }, STARTING_MS);
  afterAll(async () => {
    await registry?.close();
    await backend?.stop();
  }, STARTING_MS);

  async function run(name: string, args: JsonObject): Promise<JsonObject> {
    const call: Call = {
      id: 'c1',
      method: 'tools/call',
      target: name,
      params: { name, arguments: args },
      revision: '2026-07-28',
      deadline: Date.now() + 30_000,
    };
    const sink = {
      signal: new AbortController().signal,
      notify: () => {},
      request: () => Promise.reject(new Error('there is no client')),
    };
    return (await registry.find(call)?.run(call, createCallContext(call, sink))) ?? {};
  }
  const tool = async (name: string, args: JsonObject) =>
    (await run(name, args))['structuredContent'] as JsonObject;
  const failure = async (name: string, args: JsonObject) =>
    ((await run(name, args))['_meta'] as JsonObject | undefined)?.['dev.millrace/error'];
  const create = async (name: string) =>
    Number((await tool('create_user', { email: `${name}@history.example`, name }))['id']);

  it('a user begins with its creation, also one that was there from the beginning', async () => {
    expect(await tool('user_history', { id: 1 })).toMatchObject({
      version: 1,
      changes: [{ version: 1, type: 'created', at: '2025-01-15T09:00:00.000Z' }],
      replayed: { name: 'Ada Lovelace', role: 'admin', active: true },
    });
    const id = await create('begun');
    expect(await tool('user_history', { id })).toMatchObject({
      version: 1,
      replayed: { email: 'begun@history.example', name: 'begun', role: 'viewer', active: true },
    });
  });

  it('every change is written down, and replaying them makes the user as it is', async () => {
    const id = await create('changing');
    expect(await tool('change_user', { id, role: 'editor' })).toMatchObject({ role: 'editor', version: 2 });
    await tool('change_user', { id, name: 'Changed', active: false });
    const { replayed, changes } = await tool('user_history', { id, after: 1 });
    expect(changes).toMatchObject([
      { version: 2, type: 'changed', fields: { role: 'editor' } },
      { version: 3, type: 'changed', fields: { name: 'Changed', active: false } },
    ]);
    const { users } = await tool('query_users', { active: false, limit: 100 });
    const user = (users as JsonObject[]).find((each) => each['id'] === id);
    expect(user).toMatchObject(replayed as JsonObject);
  });

  it('a long history is replayed from a snapshot, and comes to the same', async () => {
    const id = await create('long');
    for (let n = 2; n <= 45; n += 1) await tool('change_user', { id, name: `Name ${n}` });
    expect(await tool('user_history', { id, after: 44 })).toMatchObject({
      version: 45,
      changes: [{ version: 45 }],
      replayed: { email: 'long@history.example', name: 'Name 45', role: 'viewer' },
    });
  });

  it('who changes a user that somebody else has changed meanwhile is told, and changes nothing', async () => {
    const id = await create('raced');
    const change = (role: string) => run('change_user', { id, role, expected_version: 1 });
    const results = await Promise.all([change('admin'), change('editor')]);
    const refused = results.filter((result) => result['isError'] === true);
    expect(refused).toMatchObject([
      {
        content: [{ text: `user/${id} is not of version 1 any more, but of version 2: read it again` }],
        _meta: { 'dev.millrace/error': { type: 'conflict', details: { expected: 1, actual: 2 } } },
      },
    ]);
    const won = results.find((result) => result['isError'] !== true)?.['structuredContent'] as JsonObject;
    expect(await tool('user_history', { id })).toMatchObject({ version: 2, replayed: { role: won['role'] } });
  });

  it('changes that come at once and expect nothing are made one after the other', async () => {
    const id = await create('busy');
    const changes = Array.from({ length: 5 }, (_, n) => tool('change_user', { id, name: `Name ${n}` }));
    const versions = (await Promise.all(changes)).map(({ version }) => Number(version));
    expect(versions.toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5, 6]);
  });

  it('a user that could not be created has no history', async () => {
    const first = await create('once');
    expect(await run('create_user', { email: 'once@history.example', name: 'Again' })).toMatchObject({
      isError: true,
    });
    const next = await create('twice');
    for (let id = first + 1; id < next; id += 1) {
      expect(await failure('user_history', { id })).toMatchObject({ type: 'resource_not_found' });
    }
  });

  it.each([
    ['change_user', { id: 9_999, name: 'X' }, 'resource_not_found', 'There is no user 9999'],
    ['user_history', { id: 9_999 }, 'resource_not_found', 'There is no user 9999'],
    ['change_user', { id: 1 }, 'validation', 'Nothing to change: give name, role or active'],
  ])('%s refuses %j', async (name, args, type, message) => {
    expect(await failure(name, args)).toMatchObject({ type, message });
  });
}

describe('histories in an embedded database', () => keepsHistories(embedded));

const postgresHere = hasPostgres();

describe.runIf(postgresHere)('histories on a Postgres server (where its binaries are on the PATH)', () =>
  keepsHistories(server),
);
