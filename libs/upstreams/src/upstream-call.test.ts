import type { CallContext } from '@millrace/toolkit';
import { expect, test } from 'vitest';
import type { RequestOptions, UpstreamConnection } from './connection.ts';
import type { UpstreamSettings } from './settings.ts';
import { runOn, type UpstreamCall } from './upstream-call.ts';

/** An upstream that asks for something before it answers. */
function asking(method: string): UpstreamConnection {
  const request = async (_method: string, _params: object, { listener }: RequestOptions) => {
    await listener?.onRequest(method, {});
    return { content: [] };
  };
  return { modern: false, request } as unknown as UpstreamConnection;
}

const context = {
  state: () => undefined,
  elicit: async () => ({ action: 'accept' }),
  sample: async () => ({ model: 'a model' }),
  listRoots: async () => ({ roots: [] }),
} as unknown as CallContext;

const call = {
  id: 'f-1.1',
  method: 'tools/call',
  target: 'ask',
  params: { name: 'ask' },
  revision: '2025-11-25',
  deadline: 1,
} as const;

test.each([
  ['elicitation/create', true],
  ['sampling/createMessage', true],
  // Which an agent tells by itself: the call may still be run again elsewhere, should the process die.
  ['roots/list', false],
])('after %s somebody was asked: %s', async (method, asked) => {
  const work: UpstreamCall = { call, context, name: 'ask', idempotent: true, hasAsked: false };
  await runOn(asking(method), work, { name: 'asking' } as UpstreamSettings);
  expect(work.hasAsked).toBe(asked);
});
