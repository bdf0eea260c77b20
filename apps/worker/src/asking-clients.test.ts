import { AnswerSender, Dispatcher, EventSubscriber } from '@millrace/broker';
import type { Call, Frame, JsonObject } from '@millrace/protocol';
import { createLogger } from '@millrace/service';
import { definePlugin, defineTool } from '@millrace/toolkit';
import { afterEach, expect, test } from 'vitest';
import { useTestRedis } from '../../../libs/broker/src/testing/test-redis.ts';
import { loadWorkerConfig } from './config.ts';
import { aCall } from './testing/running.ts';
import { createWorker, type Worker } from './worker.ts';

const context = useTestRedis();
const running: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const service of running.splice(0)) await service.stop();
});

const ask = defineTool({
  name: 'ask',
  handler: async (_, { elicit, resourceUpdated }) => {
    resourceUpdated('docs://a');
    const requestedSchema = { type: 'object', properties: { name: { type: 'string' } } } as const;
    return `Hello, ${(await elicit({ message: 'Who?', requestedSchema })).content?.['name']}!`;
  },
});

/** A worker, as it runs in production, whose log lines are kept. */
async function startWorker(lines: string[] = []): Promise<Worker> {
  const env = {
    REDIS_URL: context.source.url,
    MILLRACE_PREFIX: context.keys.prefix,
    MILLRACE_ADMIN_PORT: '0',
  };
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ name: 'test', level: 'info', destination });
  const plugins = [definePlugin({ name: 'asking', version: '1', tools: [ask] })];
  const worker = createWorker(loadWorkerConfig({ env }), { plugins, logger });
  running.push(worker);
  await worker.start();
  return worker;
}

async function startDispatcher(): Promise<Dispatcher> {
  const { source, keys } = context;
  const dispatcher = new Dispatcher({ source, keys, frontDoor: 'f-1', slotsOf: () => 64 });
  running.push(dispatcher);
  await dispatcher.start();
  return dispatcher;
}

/** The frames of one call, one by one. */
function makeCall(dispatcher: Dispatcher, overrides: Partial<Call>): () => Promise<Frame> {
  const come: PromiseWithResolvers<Frame>[] = [Promise.withResolvers()];
  let taken = 0;
  const listener = (frame: Frame) => {
    come.at(-1)?.resolve(frame);
    come.push(Promise.withResolvers());
  };
  const call = aCall(`f-1.${Math.random()}`, { target: 'ask', params: { name: 'ask' }, ...overrides });
  dispatcher.dispatch({ call, pool: 'default', idempotent: false, bytes: 10, listener });
  return () => (come[taken++] as PromiseWithResolvers<Frame>).promise;
}

const session = { revision: '2025-11-25', session: 's', capabilities: { elicitation: {} } };
const answered = { action: 'accept', content: { name: 'Ada' } };

test('a client of a session is asked while its call runs', async () => {
  const lines: string[] = [];
  const worker = await startWorker(lines);
  const heard = Promise.withResolvers<unknown>();
  const events = new EventSubscriber({ ...context, onEvent: heard.resolve });
  running.push(events);
  await events.start();
  const next = makeCall(await startDispatcher(), session);
  const question = await next();
  const { id, method, params } = JSON.parse(question.payload);
  expect(question.kind).toBe('request');
  expect(id).toMatch(new RegExp(`^${worker.id}/f-1\\..*/1$`));
  expect([method, params.message]).toEqual(['elicitation/create', 'Who?']);
  const sender = new AnswerSender(context.redis, context.keys);
  await sender.send({ id, result: answered });
  expect(JSON.parse((await next()).payload)).toEqual({ content: [{ type: 'text', text: 'Hello, Ada!' }] });
  expect(await heard.promise).toEqual({ kind: 'resource_updated', uri: 'docs://a' });
  await sender.send({ id, result: answered });
  await expect.poll(() => lines.join('')).toContain('a late answer of a client is ignored');
});

test('a newer client is asked by the result, and any worker takes its answer', async () => {
  const first = await startWorker();
  const dispatcher = await startDispatcher();
  const capabilities = { _meta: { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } } };
  const ask = async (params: JsonObject) =>
    JSON.parse(
      (await makeCall(dispatcher, { params: { name: 'ask', ...capabilities, ...params } })()).payload,
    );
  const { resultType, inputRequests, requestState } = await ask({});
  expect(resultType).toBe('input_required');
  expect(Object.keys(inputRequests)).toEqual(['input-1']);
  await startWorker();
  running.splice(running.indexOf(first), 1);
  await first.stop();
  const inputResponses = { 'input-1': answered };
  expect(await ask({ inputResponses, requestState: `${requestState}x` })).toMatchObject({ code: -32602 });
  expect(await ask({ inputResponses, requestState })).toMatchObject({
    resultType: 'complete',
    content: [{ text: 'Hello, Ada!' }],
  });
});

test('a client that never answers: the call ends at its deadline', async () => {
  await startWorker();
  const next = makeCall(await startDispatcher(), { ...session, deadline: Date.now() + 300 });
  expect((await next()).kind).toBe('request');
  expect(JSON.parse((await next()).payload).data.name).toBe('deadline_exceeded');
});
