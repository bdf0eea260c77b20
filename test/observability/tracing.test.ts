import { randomBytes } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.ts';
import { textOf } from '../support/session.ts';
import { send, toolCall } from '../support/wire.ts';

const receiver = await OtlpReceiver.start();
afterAll(() => receiver.stop());
const cluster = await startCluster({
  plugins: ['fixture', 'traced', 'checked'],
  env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, MILLRACE_TRACE_SAMPLING: '0' },
});
afterAll(() => cluster.stop());

const ids = () => ({ traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') });

/** Calls a tool as a step of a client's trace. */
async function call(
  name: string,
  args: Record<string, unknown> = {},
  flags = '01',
  headers: Record<string, string> = {},
) {
  const { traceId, spanId } = ids();
  const request = toolCall(name, args, { traceparent: `00-${traceId}-${spanId}-${flags}` });
  const { message } = await send(cluster.url, { ...request, headers: { ...request.headers, ...headers } });
  return { traceId, spanId, message };
}

const named = (spans: readonly ReceivedSpan[], name: string) => spans.filter((span) => span.name === name);
const SERVER = 2;
const CONSUMER = 5;
const FAILED = 2;

test('one trace goes from the client through front door, queue and worker to the tool', async () => {
  const { traceId, spanId } = await call('echo', { text: 'hello' });
  const spans = await receiver.trace(traceId, 4);
  const [door] = named(spans, 'tools/call echo');
  const [queue] = named(spans, 'queue');
  const [worker] = named(spans, 'worker');
  const [tool] = named(spans, 'tool echo');
  expect(spans).toHaveLength(4);
  expect(door).toMatchObject({
    service: 'millrace-front-door',
    parentSpanId: spanId,
    kind: SERVER,
    attributes: { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'echo', 'millrace.pool': 'default' },
  });
  expect(queue).toMatchObject({ service: 'millrace-worker', parentSpanId: door?.spanId });
  expect(worker).toMatchObject({ parentSpanId: door?.spanId, kind: CONSUMER, attributes: { tool: 'echo' } });
  expect(tool).toMatchObject({ parentSpanId: worker?.spanId });
});

test('the tool learns of its step, to pass it on', async () => {
  const { traceId, message } = await call('traceparent');
  const [tool] = named(await receiver.trace(traceId, 4), 'tool traceparent');
  expect(textOf(message)).toBe(`00-${traceId}-${tool?.spanId}-01`);
});

test('the HTTP request is linked when the message has a context of its own, and is the parent when not', async () => {
  const http = ids();
  const traceparent = `00-${http.traceId}-${http.spanId}-01`;
  const linked = await call('echo', { text: 'x' }, '01', { traceparent });
  const [door] = named(await receiver.trace(linked.traceId, 4), 'tools/call echo');
  expect(door?.links).toMatchObject([{ traceId: http.traceId, spanId: http.spanId }]);
  const plain = toolCall('echo', { text: 'x' });
  await send(cluster.url, { ...plain, headers: { ...plain.headers, traceparent } });
  const [child] = named(await receiver.trace(http.traceId, 4), 'tools/call echo');
  expect(child?.parentSpanId).toBe(http.spanId);
});

test('each try of a retried call is a step', async () => {
  const { traceId } = await call('flaky');
  const tries = named(await receiver.trace(traceId, 5), 'tool flaky');
  expect(tries.map(({ attributes, status }) => [attributes['millrace.attempt'], status?.code ?? 0])).toEqual([
    [1, FAILED],
    [2, 0],
  ]);
});

test('an answer of the cache is seen as one', async () => {
  const first = await call('kept');
  expect(named(await receiver.trace(first.traceId, 5), 'cache')[0]?.attributes).toEqual({
    'millrace.cache.hit': false,
  });
  const second = await call('kept');
  const [door, ...more] = await receiver.trace(second.traceId, 1);
  expect(more).toEqual([]);
  expect(door?.attributes['millrace.cache']).toBe('l1');
});

test('a failure is one in every step that it passes', async () => {
  const { traceId } = await call('fail_loudly');
  const spans = await receiver.trace(traceId, 4);
  const failed = spans.filter(({ status }) => status?.code === FAILED).map(({ name }) => name);
  expect(new Set(failed)).toEqual(new Set(['tools/call fail_loudly', 'worker', 'tool fail_loudly']));
});

test('nothing is traced that its client does not want traced, or that chance leaves out', async () => {
  const unwanted = await call('traceparent', {}, '00');
  expect(textOf(unwanted.message)).toBe(`00-${unwanted.traceId}-${unwanted.spanId}-00`);
  await send(cluster.url, toolCall('echo', { text: 'untraced' }));
  const last = await call('echo', { text: 'last' });
  await receiver.trace(last.traceId, 4);
  expect(receiver.spans.some(({ traceId }) => traceId === unwanted.traceId)).toBe(false);
  expect(receiver.spans.filter(({ parentSpanId }) => !parentSpanId)).toEqual([]);
});

test('a log line of a traced call names its trace', async () => {
  const { traceId } = await call('fail_loudly');
  await cluster.logged('a call failed', { trace: traceId });
});
