import { type Call, createCallContext, type JsonObject, Registry } from '@millrace/toolkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import exampleDatabase from './index.ts';
import { hasPostgres, startPostgres } from './testing/postgres-server.ts';

interface Backend {
  /** Environment of the plugin. */
  readonly env: Record<string, string>;
  stop(): Promise<void>;
}

const embedded = async (): Promise<Backend> => ({ env: {}, stop: async () => {} });

async function postgres(): Promise<Backend> {
  const { url, stop } = await startPostgres();
  return { env: { DATABASE_URL: url }, stop };
}

async function pluginOn(env: Record<string, string>): Promise<Registry> {
  const registry = new Registry({ env });
  await registry.register(exampleDatabase);
  return registry;
}

/** What the plugin adds to the health of its worker. */
const databaseCheck = (registry: Registry) => {
  const found = registry.checks().find(({ name }) => name === 'example-database/database');
  if (!found) throw new Error('the plugin has no check of its database');
  return found;
};

async function run(registry: Registry, method: Call['method'], target: string, params: JsonObject) {
  const call: Call = {
    id: 'c1',
    method,
    target,
    params,
    revision: '2026-07-28',
    deadline: Date.now() + 30_000,
  };
  const found = registry.find(call);
  if (!found) throw new Error(`${target} is not found`);
  const sink = {
    signal: new AbortController().signal,
    notify: () => {},
    request: () => Promise.reject(new Error('there is no client')),
  };
  return found.run(call, createCallContext(call, sink));
}

type Failure = { 'dev.millrace/error': { type: string } } | undefined;

interface Page {
  users: { id: number; email: string; role: string; active: boolean; created_at: string }[];
  total: number;
  limit: number;
  offset: number;
}

/** The one suite that both databases pass. */
function behavesLikeTheExample(start: () => Promise<Backend>): void {
  let backend: Backend;
  let registry: Registry;

  beforeAll(async () => {
    backend = await start();
    registry = await pluginOn(backend.env);
  }, 60_000);

  afterAll(async () => {
    await registry?.close();
    await backend?.stop();
  });

  const tool = (name: string, args: JsonObject) =>
    run(registry, 'tools/call', name, { name, arguments: args });
  const query = async (args: JsonObject) => (await tool('query_users', args))['structuredContent'] as Page;
  const read = async (uri: string) => {
    const { contents } = (await run(registry, 'resources/read', uri, { uri })) as {
      contents: { mimeType: string; text: string }[];
    };
    return contents[0];
  };

  it('offers its tools, resources and prompt', () => {
    const offer = registry.offer(['default']);
    expect(offer.tools.map(({ definition, idempotent }) => [definition.name, idempotent])).toEqual([
      ['change_user', false],
      ['create_user', false],
      ['query_users', true],
      ['user_history', true],
    ]);
    expect(offer.resources.map((entry) => entry.definition.uri)).toEqual(['docs://api', 'schema://users']);
    expect(offer.resourceTemplates.map((entry) => entry.definition.uriTemplate)).toEqual(['user://{id}']);
    expect(offer.prompts.map((entry) => entry.definition.name)).toEqual(['summarize_users']);
  });

  it('says in the health of the worker whether its database answers', async () => {
    const own = await pluginOn(backend.env);
    const check = databaseCheck(own);
    expect(check.optional).toBe(false);
    await check.run();
    await own.close();
    await expect(check.run()).rejects.toThrow();
  });

  it('has users from the beginning', async () => {
    const page = await query({});
    expect(page).toMatchObject({ total: 8, limit: 20, offset: 0 });
    expect(page.users).toHaveLength(8);
    expect(page.users[0]).toEqual({
      id: 1,
      email: 'ada@millrace.example',
      name: 'Ada Lovelace',
      role: 'admin',
      active: true,
      created_at: '2025-01-15T09:00:00.000Z',
    });
  });

  it('filters by role, activity and age, all at once', async () => {
    const ids = async (args: JsonObject) => (await query(args)).users.map((user) => user.id);
    expect(await ids({ role: 'admin' })).toEqual([1, 2]);
    expect(await ids({ active: false })).toEqual([5, 7]);
    expect(await ids({ created_after: '2025-11-01' })).toEqual([7, 8]);
    expect(await ids({ created_after: '2025-11-01T18:10:00+02:00' })).toEqual([8]);
    expect(await ids({ role: 'viewer', active: true, created_after: '2026-01-01' })).toEqual([8]);
  });

  it('pages, and caps the limit instead of refusing it', async () => {
    const page = await query({ limit: 2, offset: 3 });
    expect(page).toMatchObject({ total: 8, limit: 2, offset: 3, users: [{ id: 4 }, { id: 5 }] });
    expect(await query({ limit: 5_000 })).toMatchObject({ limit: 100 });
    expect(await query({ offset: 1_000 })).toMatchObject({ total: 8, users: [] });
  });

  it.each([
    [{ limit: 0 }, 'limit: '],
    [{ limit: 'ten' }, 'limit: expected number'],
    [{ offset: -1 }, 'offset: '],
    [{ role: 'king' }, 'role: '],
    [{ active: 'yes' }, 'active: expected boolean'],
    [{ created_after: 'yesterday' }, 'created_after: expected an ISO 8601 date'],
  ])('refuses %j and names the field', async (args, message) => {
    await expect(tool('query_users', args)).rejects.toMatchObject({
      kind: 'invalid_params',
      message: expect.stringContaining(message),
    });
  });

  it('creates a user, once per e-mail address', async () => {
    const created = await tool('create_user', { email: 'Linus@Millrace.example', name: '  Linus  ' });
    expect(created['structuredContent']).toMatchObject({
      email: 'Linus@Millrace.example',
      name: 'Linus',
      role: 'viewer',
      active: true,
    });
    const again = await tool('create_user', { email: 'linus@millrace.example', name: 'Another' });
    expect(again).toMatchObject({
      isError: true,
      content: [{ text: 'A user with the e-mail address linus@millrace.example exists already' }],
      _meta: {
        'dev.millrace/error': {
          type: 'conflict',
          details: { field: 'email', email: 'linus@millrace.example' },
          retryable: false,
          suggestions: [expect.stringContaining('query_users')],
        },
      },
    });
    expect((await query({ created_after: '2026-03-01' })).users.map((user) => user.email)).toEqual([
      'Linus@Millrace.example',
    ]);
  });

  it.each([
    [{ name: 'Nobody' }, 'email: expected string, received undefined'],
    [{ email: 'x@y.example' }, 'name: expected string, received undefined'],
    [{ email: 'x@y.example', name: ' ' }, 'name: '],
    [{ email: 'not an address', name: 'X' }, 'email: Invalid email address'],
    [{ email: 'x@y.example', name: 'X', role: 'king' }, 'role: '],
  ])('does not create a user from %j', async (args, message) => {
    await expect(tool('create_user', args)).rejects.toMatchObject({
      kind: 'invalid_params',
      message: expect.stringContaining(message),
    });
  });

  it('creates one of two users with the same e-mail address that come at once', async () => {
    const results = await Promise.all(
      ['One', 'Two'].map((name) => tool('create_user', { email: 'race@millrace.example', name })),
    );
    const types = results.map(({ _meta: meta }) => (meta as Failure)?.['dev.millrace/error'].type);
    expect(types.toSorted()).toEqual(['conflict', undefined]);
  });

  it('takes SQL in a value for what it is', async () => {
    const name = `Robert'); DROP TABLE users; --`;
    const created = await tool('create_user', { email: 'robert@millrace.example', name });
    expect(created['structuredContent']).toMatchObject({ name });
    expect((await query({})).total).toBeGreaterThan(8);
  });

  it('describes its table from the live database', async () => {
    const content = await read('schema://users');
    expect(content?.mimeType).toBe('application/json');
    const { columns } = JSON.parse(content?.text ?? '') as { columns: { name: string }[] };
    expect(columns.map((column) => column.name)).toEqual([
      'id',
      'email',
      'name',
      'role',
      'active',
      'created_at',
    ]);
    expect(columns[1]).toEqual({ name: 'email', type: 'text', nullable: false, default: null });
  });

  it('documents itself', async () => {
    const content = await read('docs://api');
    expect(content?.mimeType).toBe('text/markdown');
    for (const name of ['query_users', 'create_user', 'schema://users'])
      expect(content?.text).toContain(name);
  });

  it('reads one user', async () => {
    expect(JSON.parse((await read('user://3'))?.text ?? '')).toMatchObject({ id: 3, name: 'Alan Turing' });
  });

  it.each(['user://999999', 'user://abc', 'user://99999999999999'])('has no user at %s', async (uri) => {
    await expect(read(uri)).rejects.toMatchObject({ kind: 'resource_not_found', details: { uri } });
  });

  it('asks for a summary of the users of a role, which it completes', async () => {
    const prompt = await run(registry, 'prompts/get', 'summarize_users', { arguments: { role: 'admin' } });
    expect(JSON.stringify(prompt)).toContain('Grace Hopper');
    expect(JSON.stringify(prompt)).not.toContain('Alan Turing');
    const params = {
      ref: { type: 'ref/prompt', name: 'summarize_users' },
      argument: { name: 'role', value: 'e' },
    };
    expect(await run(registry, 'completion/complete', 'summarize_users', params)).toMatchObject({
      completion: { values: ['editor'] },
    });
  });
}

describe('the example on an embedded database', () => behavesLikeTheExample(embedded));

const postgresHere = hasPostgres();

describe.runIf(postgresHere)('the example on a Postgres server (where its binaries are on the PATH)', () => {
  behavesLikeTheExample(postgres);

  it('is made once by workers that start at the same time', async () => {
    const { env, stop } = await postgres();
    const workers = await Promise.all([pluginOn(env), pluginOn(env), pluginOn(env)]);
    const results = await Promise.all(
      workers.map((worker) => run(worker, 'tools/call', 'query_users', { name: 'query_users' })),
    );
    for (const result of results) expect(result['structuredContent']).toMatchObject({ total: 8 });
    await Promise.all(workers.map((worker) => worker.close()));
    await stop();
  }, 60_000);

  it('says that the database does not answer, and no more, when it is gone', async () => {
    const { env, stop } = await postgres();
    const worker = await pluginOn(env);
    const check = databaseCheck(worker);
    await check.run();
    await stop();
    await expect(check.run()).rejects.toThrow('The database does not answer');
    const result = await run(worker, 'tools/call', 'query_users', { name: 'query_users' });
    expect(result).toMatchObject({ isError: true, content: [{ text: 'The database does not answer' }] });
    expect(result['_meta']).toMatchObject({
      'dev.millrace/error': { type: 'unavailable', retryable: true, retryAfterMs: 2_000 },
    });
    await worker.close();
  }, 60_000);
});
