import type { JsonObject } from '@millrace/protocol';
import { definePlugin, defineTool, type Middleware } from '@millrace/toolkit';
import { z } from 'zod';

/** Key of a result's `_meta` in which each layer leaves its mark on the way out: the innermost is first. */
export const LAYERS_KEY = 'test/layers';

/** A middleware that leaves its name in the result. */
export function marking(layer: string): Middleware {
  return async (_call, _context, next) => {
    const result = await next();
    const meta = (result['_meta'] ?? {}) as JsonObject;
    const marks = (meta[LAYERS_KEY] ?? []) as string[];
    return { ...result, _meta: { ...meta, [LAYERS_KEY]: [...marks, layer] } };
  };
}

/** Answers without running the tool, when the argument says so. */
const shortcut: Middleware = async (call, _context, next) => {
  const args = call.params['arguments'] as JsonObject | undefined;
  return args?.['text'] === 'shortcut'
    ? { content: [{ type: 'text', text: 'from the middleware' }] }
    : next();
};

const shout = defineTool({
  name: 'shout',
  input: z.object({ text: z.string() }),
  annotations: { readOnlyHint: true },
  handler: ({ text }) => `${text.toUpperCase()}!`,
});

export default definePlugin({
  name: 'layers',
  version: '1.0.0',
  middleware: [
    { order: 10, handle: marking('inner') },
    { order: -10, handle: marking('outer') },
    { order: 20, handle: shortcut },
  ],
  setup: ({ log, env }) => {
    log.info({ greeting: env['TEST_GREETING'] }, 'layers are set up');
    return { tools: [shout], teardown: () => log.info({}, 'layers are torn down') };
  },
});
