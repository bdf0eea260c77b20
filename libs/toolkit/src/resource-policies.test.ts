import { expect, test } from 'vitest';
import { definePlugin } from './plugin.ts';
import { Registry } from './registry.ts';
import { defineResource } from './resource.ts';
import { defineResourceTemplate } from './resource-template.ts';

const read = () => 'text';
const cache = { ttlMs: 1_000, tags: ['users'] };

test('the policies of resources, templates and what these list travel in the catalogue, with their defaults', async () => {
  const registry = new Registry();
  await registry.register(
    definePlugin({
      name: 'p',
      version: '1',
      resources: [
        defineResource({ uri: 'docs://cached', name: 'cached', policies: { cache }, read }),
        defineResource({ uri: 'docs://plain', name: 'plain', read }),
      ],
      resourceTemplates: [
        defineResourceTemplate({
          uriTemplate: 'user://{id}',
          name: 'user',
          policies: { cache, dedup: 'off' },
          list: () => [{ uri: 'user://ada', name: 'Ada' }],
          read,
        }),
      ],
    }),
  );
  const { resources, resourceTemplates } = registry.offer(['default']);
  const filled = { ttlMs: 1_000, scope: 'private', negativeTtlMs: 0, tags: ['users'] };
  expect(resources.map(({ policies }) => policies)).toEqual([
    { cache: filled },
    undefined,
    { cache: filled, dedup: 'off' },
  ]);
  expect(resourceTemplates[0]?.policies).toEqual({ cache: filled, dedup: 'off' });
});

test.each([
  [{ cache: { ttlMs: 0 } }, ['cache.ttlMs']],
  [{ retry: {} }, ['retry']],
  [{ cache, dedup: 'public' }, ['policies.dedup', 'policies.cache.scope']],
])('the policies %j are refused: the resource and the fields are named', (policies, fields) => {
  const define = () => defineResource({ uri: 'docs://a', name: 'a', policies: policies as object, read });
  for (const named of ['Resource a', ...fields]) expect(define).toThrow(named);
});
