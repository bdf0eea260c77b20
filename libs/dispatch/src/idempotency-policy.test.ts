import { FrameListeners, type Standing } from '@millrace/broker';
import { IDEMPOTENCY_META_KEY, MillraceError } from '@millrace/protocol';
import { createLogger, createMetrics } from '@millrace/service';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Pass, Passage } from './call-policies.ts';
import { IdempotencyPolicy } from './idempotency-policy.ts';
import type { Route } from './router.ts';
import { aRequest, RecordingAnswer } from './testing/requests.ts';

const WAITING = { id: 'f-b.flight-1', to: { frontDoor: 'f-b', version: 2 } };
const ADDRESS = { id: 'f-a.flight-1', to: { frontDoor: 'f-a', version: 2 } };
const RESULT = '{"content":[]}';

const begin = vi.fn(async (): Promise<Standing> => ({ kind: 'mine' }));
const release = vi.fn(async () => [WAITING]);
const end = vi.fn(async () => ({ waiting: [WAITING] }));
const lose = vi.fn();

beforeEach(() => {
  begin.mockReset().mockResolvedValue({ kind: 'mine' });
  for (const one of [release, end, lose]) one.mockClear();
});

function setUp(overrides: Partial<Route> = {}) {
  const listeners = new FrameListeners();
  const policy = new IdempotencyPolicy({
    records: { begin, release, end } as unknown as ConstructorParameters<
      typeof IdempotencyPolicy
    >[0]['records'],
    tower: { newAddress: () => ADDRESS, lose },
    listeners,
    callTimeoutMs: 200,
    ttlMs: 1_000,
    serverInfo: { name: 'test', version: '1' },
    metrics: createMetrics(),
    logger: createLogger({ name: 'test', level: 'silent' }),
  });
  const route: Route = { pool: 'default', target: 't', idempotent: false, isTool: true, ...overrides };
  const answer = new RecordingAnswer();
  const made: Passage[] = [];
  const pass = async (
    next: Pass = (passage) => void made.push(passage),
    meta: object = {},
    args: object = {},
  ) => {
    const _meta = { [IDEMPOTENCY_META_KEY]: 'key', ...meta };
    const request = aRequest('tools/call', { name: 't', arguments: args as never, _meta });
    await policy.pass({ request, route, answer }, next);
  };
  return { policy, route, answer, made, pass, listeners };
}

test('a call without a key passes as it is', () => {
  const { policy, route, answer } = setUp();
  const passage = { request: aRequest('tools/call', { name: 't' }), route, answer };
  const next = vi.fn();
  policy.pass(passage, next);
  expect(next).toHaveBeenCalledExactlyOnceWith(passage);
  expect(begin).not.toHaveBeenCalled();
});

test('the first one is made, with what its worker needs to keep the outcome', async () => {
  const { pass, made, answer } = setUp();
  await pass();
  expect(made[0]?.idempotency).toMatchObject({ owner: ADDRESS.id, ttlMs: 1_000 });
  const onGone = vi.fn();
  made[0]?.answer.onGone(onGone);
  made[0]?.answer.result(RESULT);
  expect(answer.said).toEqual([`result ${RESULT}`]);
  answer.leave();
  expect([onGone.mock.calls, end.mock.calls, release.mock.calls]).toEqual([[], [], []]);
});

test.each(['thrown', 'rejected'])(
  'a refusal on the way, %s, leaves the key free for who waits',
  async (how) => {
    const { pass } = setUp();
    const refusal = new MillraceError('overloaded', 'full');
    const refused = pass(() => {
      if (how === 'thrown') throw refusal;
      return Promise.reject(refusal);
    });
    await expect(refused).rejects.toBe(refusal);
    expect(release).toHaveBeenCalledTimes(1);
    expect(lose).toHaveBeenCalledWith(WAITING);
  },
);

test('what is answered without a worker is kept here, before it is told', async () => {
  const { pass, made, answer } = setUp();
  await pass();
  made[0]?.answer.result(RESULT);
  await vi.waitFor(() => expect(answer.said).toEqual([`result ${RESULT}`]));
  expect(end).toHaveBeenCalledWith(expect.anything(), { kind: 'result', payload: RESULT, era: 'modern' });
  expect(lose).toHaveBeenCalledWith(WAITING);
});

test.each([
  ['refused before it was on its way', false, 'circuit_open', 1],
  ['that did not reach the queue', true, 'broker_unavailable', 1],
  ['whose time was up: the worker may still end it', true, 'deadline_exceeded', 0],
] as const)('the key of a call %s is free: %s %s', async (_, dispatched, kind, count) => {
  const { pass, made, answer } = setUp();
  await pass();
  const inner = made[0]?.answer;
  if (dispatched) inner?.onGone(() => undefined);
  inner?.fail(new MillraceError(kind, 'x'));
  expect(release).toHaveBeenCalledTimes(count);
  expect(answer.said).toHaveLength(1);
});

test('who waits is told by a frame, and then finds the outcome', async () => {
  begin.mockResolvedValueOnce({ kind: 'running' });
  begin.mockResolvedValueOnce({ kind: 'done', outcome: { kind: 'result', era: 'modern', payload: RESULT } });
  const { pass, answer, made, listeners } = setUp();
  const passing = pass();
  await vi.waitFor(() => expect(begin).toHaveBeenCalledTimes(1));
  listeners.receive({ call: ADDRESS.id, kind: 'flight', payload: 'ended' });
  await passing;
  expect([answer.said, made]).toEqual([[`result ${RESULT}`], []]);
  expect(listeners.names()).toEqual([]);
});

test('who waits for too long is told so, and leaves nothing behind', async () => {
  begin.mockResolvedValue({ kind: 'running' });
  const { pass, listeners } = setUp();
  await expect(pass()).rejects.toMatchObject({ kind: 'deadline_exceeded' });
  expect(listeners.names()).toEqual([]);
});

test('who waits and goes makes no call when it could', async () => {
  begin.mockResolvedValueOnce({ kind: 'running' });
  const { pass, answer, made, listeners } = setUp();
  const passing = pass();
  await vi.waitFor(() => expect(begin).toHaveBeenCalledTimes(1));
  answer.leave();
  listeners.receive({ call: ADDRESS.id, kind: 'flight', payload: 'lost' });
  await passing;
  expect([made, begin.mock.calls.length]).toEqual([[], 1]);
});

test.each([
  ['conflict', 'idempotency_conflict'],
  ['lost', 'outcome_unknown'],
] as const)('%s is %s', async (standing, kind) => {
  begin.mockResolvedValueOnce({ kind: standing });
  await expect(setUp().pass()).rejects.toMatchObject({ kind, details: { tool: 't' } });
});

test('an error is replayed as an error', async () => {
  const payload = JSON.stringify(new MillraceError('worker_lost', 'x').toJsonRpc('c'));
  begin.mockResolvedValueOnce({ kind: 'done', outcome: { kind: 'error', era: 'modern', payload } });
  const { pass, answer } = setUp();
  await pass();
  expect(answer.said).toEqual(['error 200 worker_lost']);
});

test('with Redis away it is refused, and told when to come again', async () => {
  begin.mockRejectedValueOnce(new Error('away'));
  await expect(setUp().pass()).rejects.toMatchObject({ kind: 'broker_unavailable', retryAfterMs: 1_000 });
});

test('with Redis slow, too; and should the beginning get there after all, the key is freed', async () => {
  vi.useFakeTimers();
  try {
    const late = Promise.withResolvers<Standing>();
    begin.mockReturnValueOnce(late.promise);
    const refused = expect(setUp().pass()).rejects.toMatchObject({ kind: 'broker_unavailable' });
    await vi.advanceTimersByTimeAsync(2_001);
    await refused;
    expect(release).not.toHaveBeenCalled();
    late.resolve({ kind: 'mine' });
    await vi.advanceTimersByTimeAsync(0);
    expect(release).toHaveBeenCalledTimes(1);
  } finally {
    vi.useRealTimers();
  }
});

test('arguments that are nested too deeply to be compared are refused', async () => {
  let deep: object = {};
  for (let depth = 0; depth < 100_000; depth += 1) deep = { deep };
  await expect(async () => setUp().pass(undefined, {}, deep)).rejects.toMatchObject({
    kind: 'invalid_params',
  });
});

test('only tools have keys', () => {
  const { policy, route } = setUp();
  const { isTool: _, ...reading } = route;
  expect([policy.appliesTo(route), policy.appliesTo(reading)]).toEqual([true, false]);
});
