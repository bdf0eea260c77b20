import type { AskedRequests, Dispatch, Dispatcher } from '@millrace/broker';
import { type Frame, type JsonObject, META, MillraceError } from '@millrace/protocol';
import { createLogger } from '@millrace/service';
import { expect, test, vi } from 'vitest';
import { Calls } from './calls.ts';
import type { InboundRequest } from './inbound.ts';
import { Router } from './router.ts';
import { aRequest, RecordingAnswer } from './testing/requests.ts';
import { aTool, aView } from './testing/views.ts';

/** What is dispatched, instead of a broker. */
class RecordingDispatcher {
  readonly dispatched: Dispatch[] = [];
  readonly cancelled: string[] = [];

  dispatch(dispatch: Dispatch): void {
    this.dispatched.push(dispatch);
  }

  cancel(call: string): void {
    this.cancelled.push(call);
  }

  get last(): Dispatch {
    const last = this.dispatched.at(-1);
    if (!last) throw new Error('nothing was dispatched');
    return last;
  }

  reply(frame: { kind: string; payload: string }): void {
    this.last.listener({ call: this.last.call.id, runMs: 1, ...frame } as Frame);
  }
}

function setUp() {
  const dispatcher = new RecordingDispatcher();
  const asked: string[] = [];
  const router = new Router(
    aView({ tools: [aTool('add', { timeoutMs: 5_000 }), aTool('slow', { timeoutMs: 90_000 })] }),
  );
  const calls = new Calls({
    dispatcher: dispatcher as unknown as Dispatcher,
    asked: {
      ask: async (id: string, session: string) => void asked.push(`${session} ${id}`),
    } as unknown as AskedRequests,
    logger: createLogger({ name: 'test', level: 'silent' }),
    frontDoor: 'f-1',
    router: () => router,
    callTimeoutMs: 60_000,
  });
  const make = (name: string, params: JsonObject = {}, overrides: Partial<InboundRequest> = {}) => {
    const answer = new RecordingAnswer();
    calls.make(aRequest('tools/call', { name, ...params }, overrides), answer);
    return answer;
  };
  return { dispatcher, calls, asked, make };
}

test('a request becomes a call for the pool of its tool', () => {
  const { dispatcher, make } = setUp();
  make('add', { arguments: { a: 1 } });
  expect(dispatcher.last).toMatchObject({
    pool: 'default',
    idempotent: false,
    bytes: 100,
    call: {
      method: 'tools/call',
      target: 'add',
      params: { name: 'add', arguments: { a: 1 } },
      revision: '2026-07-28',
    },
  });
});

test('each call has an id of its own, which begins with that of the front door', () => {
  const { dispatcher, make } = setUp();
  for (let call = 0; call < 3; call++) make('add');
  const ids = dispatcher.dispatched.map(({ call }) => call.id);
  expect(new Set(ids).size).toBe(3);
  expect(ids.every((id) => id.startsWith('f-1.'))).toBe(true);
});

test.each([
  ['add', 60_000],
  ['slow', 90_000],
])(
  '%s must be done in %d ms: a tool may take longer than the default, its worker ends it earlier',
  (name, ms) => {
    const { dispatcher, make } = setUp();
    const before = Date.now();
    make(name);
    expect(dispatcher.last.call.deadline - before).toBeGreaterThanOrEqual(ms);
    expect(dispatcher.last.call.deadline - Date.now()).toBeLessThanOrEqual(ms);
  },
);

test.each([
  ['warning', 'warning'],
  ['loud', undefined],
  [undefined, undefined],
])('a client that asks for log messages of level %s gets them from %s on', (asked, level) => {
  const { dispatcher, make } = setUp();
  make('add', { _meta: { [META.logLevel]: asked } });
  expect(dispatcher.last.call.logLevel).toBe(level);
});

test('frames become the answer', () => {
  const { dispatcher, make } = setUp();
  const answer = make('add');
  dispatcher.reply({ kind: 'notification', payload: '{"n":1}' });
  dispatcher.reply({ kind: 'result', payload: '{}' });
  expect(answer.said).toEqual(['notification {"n":1}', 'result {}']);
});

test.each([
  [
    new MillraceError('broker_unavailable', 'x', { retryAfterMs: 1_000 }),
    'error 503 broker_unavailable 1000',
  ],
  [new MillraceError('outcome_unknown', 'x'), 'error 503 outcome_unknown'],
  [new MillraceError('shutting_down', 'x'), 'error 503 shutting_down'],
  [new MillraceError('worker_lost', 'x'), 'error 200 worker_lost'],
  [new MillraceError('deadline_exceeded', 'x'), 'error 200 deadline_exceeded'],
  [new MillraceError('invalid_params', 'x'), 'error 200 invalid_params'],
  [new MillraceError('invalid_envelope', 'x'), 'error 200 invalid_envelope'],
])('of the errors that come back, only that the cluster cannot serve has a status: %s', (error, said) => {
  const { dispatcher, make } = setUp();
  const answer = make('add');
  dispatcher.reply({ kind: 'error', payload: JSON.stringify(error.toJsonRpc()) });
  expect(answer.said).toEqual([said]);
});

test.each([
  ['2025-06-18', -32_002],
  ['2026-07-28', -32_602],
])('a resource that a worker did not find has the code of revision %s', (revision, code) => {
  const { dispatcher, make } = setUp();
  const answer = make('add', {}, { revision });
  const told = vi.spyOn(answer, 'error');
  const error = new MillraceError('resource_not_found', 'x', { details: { uri: 'note://none' } });
  dispatcher.reply({ kind: 'error', payload: JSON.stringify(error.toJsonRpc()) });
  const { data, ...rest } = JSON.parse(told.mock.lastCall?.[1] ?? '{}');
  expect([rest.code, data.code, data.name]).toEqual([code, code, 'resource_not_found']);
});

test('when the client goes away its call is cancelled', () => {
  const { dispatcher, make } = setUp();
  make('add').leave();
  expect(dispatcher.cancelled).toEqual([dispatcher.last.call.id]);
});

test('what cannot be routed is not dispatched', () => {
  const { dispatcher, make } = setUp();
  expect(() => make('nobody')).toThrow(expect.objectContaining({ kind: 'unknown_tool' }));
  expect(dispatcher.dispatched).toEqual([]);
});

const session = {
  id: 's-1',
  principal: 'anonymous',
  tenant: 'default',
  revision: '2025-11-25',
  capabilities: { elicitation: {} },
};

test('a call of a session knows what the client of that declared, and what it wants to hear', () => {
  const { dispatcher, make } = setUp();
  make('add', {}, { session });
  expect(dispatcher.last.call).toMatchObject({
    session: 's-1',
    capabilities: { elicitation: {} },
    logLevel: 'info',
  });
  make('add', {}, { session: { ...session, logLevel: 'error' } });
  expect(dispatcher.last.call.logLevel).toBe('error');
});

test('the answer to a request of a session is told which call it belongs to', () => {
  const { dispatcher, calls } = setUp();
  const answer = Object.assign(new RecordingAnswer(), { belongsTo: vi.fn() });
  calls.make(aRequest('tools/call', { name: 'add' }, { session }), answer);
  expect(answer.belongsTo).toHaveBeenCalledExactlyOnceWith(dispatcher.last.call);
});

test('the client of a session cancels by the id of its request, while that runs', () => {
  const { dispatcher, calls, make } = setUp();
  make('add', {}, { session, id: 7 });
  calls.cancelRequest('s-1', '7');
  calls.cancelRequest('s-2', 7);
  expect(dispatcher.cancelled).toEqual([]);
  calls.cancelRequest('s-1', 7);
  calls.cancelRequest('s-1', 7);
  expect(dispatcher.cancelled).toEqual([dispatcher.last.call.id]);
});

test('an answered request cannot be cancelled any more', () => {
  const { dispatcher, calls, make } = setUp();
  make('add', {}, { session, id: 7 });
  dispatcher.reply({ kind: 'result', payload: '{}' });
  calls.cancelRequest('s-1', 7);
  expect(dispatcher.cancelled).toEqual([]);
});

test('a request to the client goes out when it is noted who was asked', async () => {
  const { dispatcher, asked, make } = setUp();
  const answer = make('add', {}, { session });
  dispatcher.reply({ kind: 'request', payload: '{"id":"w/1"}' });
  await vi.waitUntil(() => answer.said.length > 0);
  expect([asked, answer.said]).toEqual([['s-1 w/1'], ['request {"id":"w/1"}']]);
});
