import { type Call, META } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { upstreamParams, wantsProgress } from './call-params.ts';

const call = (given: Partial<Call>): Call => ({
  id: 'c',
  method: 'tools/call',
  target: 'gh_open',
  params: {},
  revision: '2026-07-28',
  deadline: 0,
  ...given,
});

test('the upstream gets its own name of the tool, and the arguments as they are', () => {
  const params = { name: 'gh_open', arguments: { a: 1 } };
  expect(upstreamParams(call({ params }), 'open', false)).toEqual({ name: 'open', arguments: { a: 1 } });
});

test('a resource keeps its URI', () => {
  expect(
    upstreamParams(call({ method: 'resources/read', params: { uri: 'a://b' } }), undefined, false),
  ).toEqual({
    uri: 'a://b',
  });
});

test('a completion is renamed where it names its prompt', () => {
  const params = { ref: { type: 'ref/prompt', name: 'gh_open' }, argument: { name: 'x', value: 'y' } };
  expect(upstreamParams(call({ method: 'completion/complete', params }), 'open', false)).toEqual({
    ref: { type: 'ref/prompt', name: 'open' },
    argument: { name: 'x', value: 'y' },
  });
});

const _meta = {
  [META.protocolVersion]: '2026-07-28',
  [META.clientInfo]: { name: 'agent' },
  [META.clientCapabilities]: { roots: {} },
  progressToken: 'p',
  traceparent: '00-1',
};

test('what the agent says of its connection stays here, all other metadata passes', () => {
  const params = { name: 'x', _meta, requestState: 'ours', inputResponses: {} };
  expect(upstreamParams(call({ params }), 'x', false)).toEqual({ name: 'x', _meta: { traceparent: '00-1' } });
});

test('an upstream of the new era hears with each call what its agent can do', () => {
  expect(upstreamParams(call({ params: { name: 'x', _meta }, logLevel: 'info' }), 'x', true)).toEqual({
    name: 'x',
    _meta: { traceparent: '00-1', [META.clientCapabilities]: { roots: {} }, [META.logLevel]: 'info' },
  });
});

test('progress is wanted by whoever gave a token', () => {
  expect([wantsProgress(call({ params: { _meta } })), wantsProgress(call({}))]).toEqual([true, false]);
});
