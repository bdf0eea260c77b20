import { MillraceError, toolPoliciesSchema } from '@millrace/protocol';
import { beforeEach, expect, test, vi } from 'vitest';
import type { InboundRequest } from './inbound.ts';
import { failure, setUpFlights } from './testing/flights.ts';

const RESULT = '{"content":[]}';
let now = Date.now();

beforeEach(() => {
  now = Date.now();
  vi.spyOn(Date, 'now').mockImplementation(() => now);
});

test('identical calls are one, and all get what comes of it', () => {
  const { call, made, madeAs } = setUpFlights();
  const answers = [call(), call(), call()];
  expect(made).toHaveLength(1);
  madeAs().result(RESULT);
  expect(answers.map(({ said }) => said)).toEqual(Array(3).fill([`result ${RESULT}`]));
  call();
  expect(made).toHaveLength(2);
});

test.each([
  ['other arguments', { arguments: { id: 2 } }, {}],
  ['a wish for progress', { _meta: { progressToken: 1 } }, {}],
  ['other capabilities', { _meta: { 'io.modelcontextprotocol/clientCapabilities': { sampling: {} } } }, {}],
  ['another principal', {}, { principal: { id: 'ada', tenant: 'default' } }],
  ['a session', {}, { session: { id: 's' } as InboundRequest['session'] as never }],
  ['an answer to a question', { inputResponses: {} }, {}],
])('a call with %s is another one', (_, params, request) => {
  const { call, made } = setUpFlights();
  call();
  call(params, request);
  expect(made).toHaveLength(2);
});

test('of a tool that says who shares, capabilities and sessions make no difference', () => {
  const { call, made } = setUpFlights({ dedup: 'tenant' });
  call({}, { principal: { id: 'ada', tenant: 'default' } });
  call({ _meta: { 'io.modelcontextprotocol/clientCapabilities': { sampling: {} } } });
  expect(made).toHaveLength(1);
});

test('a call that is too large to be compared in passing goes its own way', () => {
  const { call, made } = setUpFlights();
  call({}, { bytes: 300_000 });
  call({}, { bytes: 300_000 });
  expect(made).toHaveLength(2);
});

test('only the last one that goes takes the call with it', () => {
  const { call, madeAs } = setUpFlights();
  const answers = [call(), call()];
  const cancelled = vi.fn();
  madeAs().onGone(cancelled);
  answers[0]?.leave();
  expect(cancelled).not.toHaveBeenCalled();
  answers[1]?.leave();
  return vi.waitFor(() => expect(cancelled).toHaveBeenCalledTimes(1));
});

test('who comes after all have gone begins a new call', async () => {
  const { call, made } = setUpFlights();
  call().leave();
  call();
  expect(made).toHaveLength(2);
});

test('a call whose clients go before it is on its way is cancelled when it is', async () => {
  const { call, madeAs } = setUpFlights();
  call().leave();
  const cancelled = vi.fn();
  madeAs().onGone(cancelled);
  await vi.waitFor(() => expect(cancelled).toHaveBeenCalledTimes(1));
});

test('a refusal on the way is everybody’s, thrown or rejected', async () => {
  const { call } = setUpFlights();
  const refusal = new MillraceError('overloaded', 'full');
  const refused = Promise.withResolvers<never>();
  const answers = [call({}, {}, () => refused.promise), call()];
  refused.reject(refusal);
  await vi.waitFor(() =>
    expect(answers.map(({ said }) => said)).toEqual(Array(2).fill(['fail 503 overloaded'])),
  );
  const thrown = call({}, {}, () => {
    throw refusal;
  });
  expect(thrown.said).toEqual(['fail 503 overloaded']);
});

test.each(['worker_lost', 'deadline_exceeded', 'shutting_down'] as const)(
  '%s is of one call: another one is made for the others',
  (kind) => {
    const { call, made, madeAs } = setUpFlights();
    const answers = [call(), call(), call()];
    madeAs().error(200, failure(kind));
    expect(answers.map(({ said }) => said.length)).toEqual([1, 0, 0]);
    expect(made).toHaveLength(2);
    madeAs(1).result(RESULT);
    expect(answers.map(({ said }) => said.at(-1))).toEqual([
      `error 200 ${kind}`,
      `result ${RESULT}`,
      `result ${RESULT}`,
    ]);
  },
);

test('nobody begins anew for ever', () => {
  const { call, made, madeAs } = setUpFlights();
  const answers = Array.from({ length: 10 }, () => call());
  for (let at = 0; at < made.length; at += 1) madeAs(at).error(200, failure('worker_lost'));
  expect(made).toHaveLength(3);
  expect(answers.every(({ said }) => said.length === 1)).toBe(true);
});

test('who has little time left takes the failure', () => {
  const { call, made, madeAs } = setUpFlights();
  call();
  const late = call();
  now += 6_000;
  madeAs().error(200, failure('deadline_exceeded'));
  expect(late.said).toEqual(['error 200 deadline_exceeded']);
  expect(made).toHaveLength(1);
});

test('a question goes to the client of the call alone; the others make their own', () => {
  const { call, made, madeAs } = setUpFlights();
  const [first, second] = [call(), call()];
  madeAs().serverRequest('{"id":"q"}');
  expect(first?.said).toEqual(['request {"id":"q"}']);
  expect(made).toHaveLength(2);
  madeAs(1).result('"own"');
  madeAs().result('"asked"');
  expect([first?.said.at(-1), second?.said]).toEqual(['result "asked"', ['result "own"']]);
});

test('a question as a result is given to one client, too', () => {
  const { call, made, madeAs } = setUpFlights();
  const [first, second] = [call(), call()];
  madeAs().result('{"resultType":"input_required"}');
  expect([first?.said.length, second?.said.length, made.length]).toEqual([1, 0, 2]);
});

test('nobody begins anew on a front door that stops', () => {
  const { call, made, madeAs, policy } = setUpFlights();
  const answers = [call(), call()];
  policy.close();
  madeAs().error(200, failure('worker_lost'));
  expect(answers[1]?.said).toEqual(['fail 503 shutting_down']);
  expect(made).toHaveLength(1);
});

test('it applies to routes that say among whom', () => {
  const { policy } = setUpFlights();
  const policies = toolPoliciesSchema.parse({});
  expect(policy.appliesTo({ pool: 'p', target: 't', idempotent: true, policies })).toBe(false);
});
