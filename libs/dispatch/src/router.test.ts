import { type CallMethod, type Era, type JsonObject, toolPoliciesSchema } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { Router } from './router.ts';
import { aTool, aView } from './testing/views.ts';

const router = new Router(
  aView({
    tools: [
      aTool('add', { idempotent: true }),
      aTool('slow', { timeoutMs: 90_000 }),
      aTool('orphan', { pool: 'images' }),
    ],
    prompts: [{ pool: 'default', definition: { name: 'ask' } }],
    resources: [{ pool: 'default', definition: { uri: 'docs://api', name: 'api' } }],
    resourceTemplates: [{ pool: 'default', definition: { uriTemplate: 'user://{id}', name: 'user' } }],
  }),
);

test.each([
  ['tools/call', { name: 'add' }, { target: 'add', idempotent: true, isTool: true }],
  ['tools/call', { name: 'slow' }, { target: 'slow', idempotent: false, timeoutMs: 90_000, isTool: true }],
  ['prompts/get', { name: 'ask' }, { target: 'ask', idempotent: true }],
  ['resources/read', { uri: 'docs://api' }, { target: 'docs://api', idempotent: true }],
  ['resources/read', { uri: 'user://7' }, { target: 'user://7', idempotent: true }],
  ['completion/complete', { ref: { type: 'ref/prompt', name: 'ask' } }, { target: 'ask', idempotent: true }],
  [
    'completion/complete',
    { ref: { type: 'ref/resource', uri: 'user://{id}' } },
    { target: 'user://{id}', idempotent: true },
  ],
] as [CallMethod, JsonObject, object][])('%s %j goes to its pool', (method, params, route) => {
  expect(router.route(method, params, 'modern')).toEqual({ pool: 'default', ...route });
});

test.each([
  ['tools/call', { name: 'nobody' }, 'unknown_tool', 'nobody'],
  ['tools/call', {}, 'invalid_params', 'name'],
  ['tools/call', { name: 7 }, 'invalid_params', 'name'],
  ['prompts/get', { name: 'nobody' }, 'unknown_prompt', 'nobody'],
  ['resources/read', { uri: 'docs://nothing' }, 'resource_not_found', 'docs://nothing'],
  ['resources/read', {}, 'invalid_params', 'uri'],
  ['completion/complete', {}, 'invalid_params', 'ref'],
  ['completion/complete', { ref: { type: 'ref/tool', name: 'add' } }, 'invalid_params', 'ref'],
  ['completion/complete', { ref: { type: 'ref/prompt', name: 'nobody' } }, 'unknown_prompt', 'nobody'],
  ['completion/complete', { ref: { type: 'ref/resource', uri: 'x://{y}' } }, 'invalid_params', 'ref.uri'],
] as [CallMethod, JsonObject, string, string][])('%s %j is refused', (method, params, kind, named) => {
  expect(() => router.route(method, params, 'modern')).toThrow(expect.objectContaining({ kind }));
  expect(() => router.route(method, params, 'modern')).toThrow(named);
});

test('a pool without a live worker is answered at once, with its name and that of the tool', () => {
  expect(() => router.route('tools/call', { name: 'orphan' }, 'modern')).toThrow(
    expect.objectContaining({
      kind: 'no_live_worker',
      message: 'No live worker serves orphan (pool images)',
      details: { target: 'orphan', pool: 'images' },
    }),
  );
});

test('an exact resource wins over a template that could give it', () => {
  const view = aView(
    {
      resources: [{ pool: 'exact', definition: { uri: 'user://me', name: 'me' } }],
      resourceTemplates: [{ pool: 'default', definition: { uriTemplate: 'user://{id}', name: 'user' } }],
    },
    ['default', 'exact'],
  );
  expect(new Router(view).route('resources/read', { uri: 'user://me' }, 'modern').pool).toBe('exact');
});

test('a resource that does not exist has the code that the era of the client knows', () => {
  const read = (era: Era) => () => router.route('resources/read', { uri: 'docs://nothing' }, era);
  expect(read('session')).toThrow(expect.objectContaining({ code: -32_002 }));
  expect(read('modern')).toThrow(expect.objectContaining({ code: -32_602 }));
});

test('a call to a pool that may sleep goes to its queue, for a worker to come; to any other it is refused', () => {
  const view = aView({ tools: [aTool('orphan', { pool: 'images' }), aTool('lost', { pool: 'texts' })] });
  const sleepy = new Router(view, new Set(['images']));
  expect(sleepy.route('tools/call', { name: 'orphan' }, 'modern')).toMatchObject({ pool: 'images' });
  expect(() => sleepy.route('tools/call', { name: 'lost' }, 'modern')).toThrow(/No live worker/);
});

test('the policies of a resource and of a template come with the routes to what they serve, each time the same', () => {
  const policies = toolPoliciesSchema.parse({ cache: { ttlMs: 1_000, scope: 'public' } });
  const cached = new Router(
    aView({
      resources: [{ pool: 'default', policies, definition: { uri: 'docs://api', name: 'api' } }],
      resourceTemplates: [
        { pool: 'default', policies, definition: { uriTemplate: 'user://{id}', name: 'user' } },
      ],
    }),
  );
  for (const uri of ['docs://api', 'user://7']) {
    const route = cached.route('resources/read', { uri }, 'modern');
    expect(route).toMatchObject({ target: uri, policies, dedup: 'public' });
    expect(cached.route('resources/read', { uri }, 'modern')).toBe(route);
  }
});
