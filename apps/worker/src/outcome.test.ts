import { MillraceError } from '@millrace/protocol';
import { createCallContext, defineTool, ToolError } from '@millrace/toolkit';
import { describe, expect, test } from 'vitest';
import { failed, isOutage, type Outcome, succeeded } from './outcome.ts';
import { aRunningCall } from './testing/running.ts';

/** How a call ends whose handler throws this. */
async function afterThrowing(thrown: unknown): Promise<Outcome> {
  const tool = defineTool({
    name: 'echo',
    handler: () => {
      throw thrown;
    },
  });
  const { running } = aRunningCall();
  return succeeded(await tool.run(running.call, createCallContext(running.call, running)));
}

test('a result that tells of no failure is none', () => {
  expect(succeeded({ content: [] })).toEqual({ result: { content: [] }, failure: undefined });
});

describe('what a handler throws', () => {
  test.each([
    { what: 'any error', thrown: new TypeError('x'), kind: 'broken' },
    { what: 'a refusal on purpose', thrown: new ToolError('x'), kind: 'rejected' },
    {
      what: 'a fault that is told',
      thrown: new ToolError('x', { type: 'internal_server_error' }),
      kind: 'broken',
    },
    {
      what: 'a limit of somebody else',
      thrown: new ToolError('x', { type: 'rate_limit_exceeded' }),
      kind: 'limited',
    },
    {
      what: 'something that is not there',
      thrown: new ToolError('x', { type: 'resource_not_found' }),
      kind: 'rejected',
    },
    { what: 'a failure that may pass', thrown: new ToolError('x', { retryable: true }), kind: 'transient' },
  ])('$what: $kind', async ({ thrown, kind }) => {
    expect((await afterThrowing(thrown)).failure?.kind).toBe(kind);
  });
});

test('a result that only says that it is an error is taken for a refusal: a mounted server tells no more', () => {
  expect(succeeded({ content: [], isError: true }).failure?.kind).toBe('rejected');
});

describe('errors of ours', () => {
  test.each([
    ['invalid_params', 'rejected'],
    ['unknown_tool', 'rejected'],
    ['permission_denied', 'rejected'],
    ['cancelled', 'rejected'],
    ['circuit_open', 'refused'],
    ['shutting_down', 'refused'],
    ['rate_limited', 'limited'],
    ['broker_unavailable', 'transient'],
    ['internal_error', 'broken'],
    ['tool_error', 'broken'],
  ] as const)('%s: %s', (name, kind) => {
    const error = new MillraceError(name, 'x', { retryAfterMs: 5 });
    expect(failed(error)).toEqual({ thrown: error, failure: { kind, reason: name, retryAfterMs: 5 } });
  });

  test('what is none of ours is a mistake of the tool', () => {
    expect(failed(new Error('x')).failure).toMatchObject({ kind: 'broken', reason: 'internal_error' });
  });
});

test('only what went wrong in the tool is an outage', () => {
  const names = ['invalid_params', 'circuit_open', 'rate_limited', 'broker_unavailable', 'internal_error'];
  const outages = names.filter((name) =>
    isOutage(failed(new MillraceError(name as 'cancelled', 'x')).failure),
  );
  expect(outages).toEqual(['broker_unavailable', 'internal_error']);
  expect(isOutage(undefined)).toBe(false);
});
