import { ERROR_META_KEY } from '@millrace/protocol';
import { afterAll, describe, expect, test } from 'vitest';
import { connectModern, connectSession } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { modernRequest, send, toolCall } from '../support/wire.ts';

const cluster = await startCluster({ workerEnv: { MILLRACE_SLOTS: '1' } });
afterAll(() => cluster.stop());

const echoWorks = async () => {
  const answer = await send(cluster.url, toolCall('echo', { text: 'still here' }));
  expect(answer.message.result).toMatchObject({ content: [{ text: 'still here' }] });
};

describe.each([
  { era: '2026', connect: connectModern },
  { era: '2025', connect: connectSession },
])('a tool that throws, called by a $era client', ({ connect }) => {
  test('gives a result with a structured error and no stack, and the worker goes on', async () => {
    const client = await connect(cluster.url);
    const result = await client.callTool({ name: 'fail', arguments: {} });
    expect(result).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: 'the disk is on fire' }],
      _meta: {
        [ERROR_META_KEY]: {
          type: 'tool_error',
          name: 'tool_error',
          message: 'the disk is on fire',
          retryable: false,
          timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        },
      },
    });
    expect(JSON.stringify(result)).not.toMatch(/\.ts|at handler|node_modules/);
    await echoWorks();
  });
});

test('a tool that fails on purpose adds details and suggestions', async () => {
  const client = await connectModern(cluster.url);
  const { isError, _meta } = await client.callTool({ name: 'refuse', arguments: {} });
  expect(isError).toBe(true);
  expect(_meta?.[ERROR_META_KEY]).toMatchObject({
    details: { email: 'ada@example.org' },
    suggestions: ['Log in.'],
  });
});

test('a tool past its deadline: a timeout error, its signal aborted, its slot free again', async () => {
  const answer = await send(cluster.url, toolCall('hold_briefly', { key: 'late' }));
  expect(answer.status).toBe(200);
  expect(answer.message.error).toMatchObject({
    code: -32001,
    message: expect.stringContaining('hold_briefly'),
    // It may have taken effect.
    data: { type: 'timeout', retryable: false },
  });
  await cluster.logged('aborted', { key: 'late' });
  await echoWorks();
});

test('a tool that does not listen to its signal loses its slot all the same', async () => {
  const answer = await send(cluster.url, toolCall('ignore_the_deadline', { key: 'deaf' }));
  expect(answer.message.error).toMatchObject({ code: -32001 });
  await echoWorks();
  cluster.release('deaf');
});

test('a call that waits for a slot beyond its deadline is given up, and is never run', async () => {
  const holder = send(cluster.url, toolCall('hold', { key: 'holder' }));
  await cluster.logged('started', { key: 'holder' });
  const waiting = new AbortController();
  const { headers, body } = toolCall('hold', { key: 'impatient' });
  const request = { method: 'POST', headers, body: JSON.stringify(body), signal: waiting.signal };
  const given = fetch(cluster.url, request).catch((error: Error) => error.name);
  waiting.abort();
  expect(await given).toBe('AbortError');
  cluster.release('holder');
  await holder;
  await echoWorks();
  expect(cluster.workers[0]?.logs.having('started', { key: 'impatient' })).toEqual([]);
});

test('a result that is no JSON is an internal error that tells nothing of the inside', async () => {
  const failures = () => cluster.workers[0]?.logs.having('a call failed').length ?? 0;
  const before = failures();
  const answer = await send(cluster.url, toolCall('unserialisable'));
  expect(answer.status).toBe(200);
  expect(answer.message.error).toMatchObject({ code: -32603, message: 'Internal error' });
  expect(failures()).toBe(before + 1);
  await echoWorks();
});

test('a resource that throws is an error with its message and no stack', async () => {
  const answer = await send(cluster.url, modernRequest('resources/read', { uri: 'note://broken' }));
  expect(answer.message.error).toMatchObject({ code: -32603, message: 'the note is torn' });
  expect(answer.text).not.toContain('.ts');
});
