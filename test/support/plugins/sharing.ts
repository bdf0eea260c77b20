import {
  definePlugin,
  defineResource,
  defineResourceTemplate,
  defineTool,
  type PluginLog,
} from '@millrace/toolkit';
import { z } from 'zod';
import { gates } from './gates.ts';

const ID = z.object({ id: z.string() });
const HARMLESS = { readOnlyHint: true, idempotentHint: true };
const LONG_MS = 600_000;

/** Tools whose answers may be shared, which say in the worker's log whenever they really run. */
function parts(log: PluginLog) {
  let runs = 0;
  const run = (tool: string, id: string) => {
    runs += 1;
    log.info({ tool, id }, 'ran');
    return `${tool} ${id}, run ${runs} of ${process.pid}`;
  };
  const cached = (name: string, policies: object, annotations = HARMLESS) =>
    defineTool({ name, input: ID, annotations, policies, handler: ({ id }) => run(name, id) });
  const held = (name: string, policies: object, annotations: object = HARMLESS) =>
    defineTool({
      name,
      input: ID,
      annotations,
      policies,
      handler: async ({ id }, { signal, progress, log: tell }) => {
        const text = run(name, id);
        progress(1, 2, 'begun');
        tell.info('begun');
        try {
          await gates.pass(id, signal);
        } catch (reason) {
          log.info({ tool: name, id, reason: String(reason) }, 'aborted');
          throw reason;
        }
        progress(2, 2, 'ended');
        return text;
      },
    });
  return {
    tools: [
      cached('for_all', { cache: { ttlMs: LONG_MS, scope: 'public', tags: ['users', 'user:{id}'] } }),
      cached('for_tenant', { cache: { ttlMs: LONG_MS, scope: 'tenant' } }),
      cached('for_one', { cache: { ttlMs: LONG_MS } }),
      cached('for_now', { cache: { ttlMs: 150, scope: 'public' } }),
      cached('plain', {}),
      held('held_cached', { cache: { ttlMs: LONG_MS, scope: 'public', tags: ['users'] } }),
      held('held', {}),
      held('held_by_tenant', { dedup: 'tenant' }),
      held('held_alone', { dedup: 'off' }),
      held('held_with_effect', {}, { destructiveHint: true }),
      held('held_repeatable', {}, { idempotentHint: true }),
      failing('fails', 0, run),
      failing('fails_for_long', LONG_MS, run),
      defineTool({
        name: 'asks',
        input: ID,
        annotations: HARMLESS,
        policies: { cache: { ttlMs: LONG_MS, scope: 'public' } },
        handler: async ({ id }, { elicit }) => {
          run('asks', id);
          const { content } = await elicit({
            message: 'Who are you?',
            requestedSchema: { type: 'object', properties: { name: { type: 'string' } } },
          });
          return `Hello, ${content?.['name']}!`;
        },
      }),
      defineTool({
        name: 'effect',
        input: ID,
        handler: ({ id }) => run('effect', id),
      }),
      defineTool({
        name: 'effect_that_fails',
        input: ID,
        handler: ({ id }) => {
          run('effect_that_fails', id);
          throw new Error('the disk is on fire');
        },
      }),
      defineTool({
        name: 'invalidate',
        input: z.object({ tags: z.array(z.string()) }),
        handler: async ({ tags }, { invalidate }) => {
          await invalidate(tags);
          return 'invalidated';
        },
      }),
      defineTool({
        name: 'touch',
        input: z.object({ uri: z.string() }),
        handler: ({ uri }, { resourceUpdated }) => {
          resourceUpdated(uri);
          return 'touched';
        },
      }),
    ],
    resources: [
      defineResource({
        uri: 'shared://list',
        name: 'list',
        policies: { cache: { ttlMs: LONG_MS, scope: 'public', tags: ['users'] } },
        read: () => run('list', ''),
      }),
      defineResource({ uri: 'shared://plain', name: 'plain', read: () => run('plain resource', '') }),
    ],
    resourceTemplates: [
      defineResourceTemplate({
        uriTemplate: 'user://{id}',
        name: 'user',
        policies: { cache: { ttlMs: LONG_MS } },
        read: (_, { id }) => run('user', String(id)),
      }),
    ],
  };
}

function failing(name: string, negativeTtlMs: number, run: (tool: string, id: string) => string) {
  return defineTool({
    name,
    input: ID,
    annotations: HARMLESS,
    policies: { cache: { ttlMs: LONG_MS, negativeTtlMs, scope: 'public' } },
    handler: ({ id }) => ({ isError: true, content: [{ type: 'text' as const, text: run(name, id) }] }),
  });
}

export default definePlugin({ name: 'sharing', version: '1.0.0', setup: ({ log }) => parts(log) });
