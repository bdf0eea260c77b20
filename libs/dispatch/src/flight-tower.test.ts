import { ENVELOPE_VERSION } from '@millrace/protocol';
import { expect, test, vi } from 'vitest';
import { failure, OTHER, setUpFlights } from './testing/flights.ts';

const RESULT = '{"content":[]}';

/** This front door follows the other one. */
async function setUpFollower() {
  const door = setUpFlights({}, false);
  door.begin.mockResolvedValueOnce(OTHER);
  const answers = [door.call(), door.call()] as const;
  await vi.waitFor(() =>
    expect(door.sent).toEqual([`${OTHER.id} flight follow ${ENVELOPE_VERSION} f-a f-a.flight-1`]),
  );
  return { ...door, answers };
}

test('while it is alone a front door asks nobody', () => {
  const { call, madeAs, begin, end, sent } = setUpFlights();
  call();
  madeAs().result(RESULT);
  expect([begin.mock.calls.length, end.mock.calls.length, sent]).toEqual([0, 0, []]);
});

test('what is under way is found by others once there are some', async () => {
  const { call, madeAs, policy, begin, end, sent } = setUpFlights();
  call();
  await policy.register();
  expect(begin).toHaveBeenCalledTimes(1);
  end.mockResolvedValueOnce([OTHER]);
  madeAs().result(RESULT);
  await vi.waitFor(() => expect(sent).toEqual([`${OTHER.id} result ${RESULT}`]));
});

test('who followed from the start and who comes later are told alike, each once', async () => {
  const { call, made, madeAs, end, sent, hear } = setUpFlights({}, false);
  call();
  await vi.waitFor(() => expect(made).toHaveLength(1));
  hear('flight', `follow ${ENVELOPE_VERSION} f-b f-b.flight-1`);
  const notification = '{"method":"notifications/message"}';
  madeAs().notification(notification);
  end.mockResolvedValueOnce([
    OTHER,
    { id: 'f-c.flight-1', to: { frontDoor: 'f-c', version: ENVELOPE_VERSION } },
  ]);
  madeAs().result(RESULT);
  await vi.waitFor(() => expect(sent).toHaveLength(3));
  expect(sent).toEqual([
    `f-b.flight-1 notification ${notification}`,
    `f-b.flight-1 result ${RESULT}`,
    `f-c.flight-1 result ${RESULT}`,
  ]);
});

test('a call that another front door makes is not made here', async () => {
  const { made, hear, answers } = await setUpFollower();
  hear('notification', '{"method":"notifications/message"}');
  hear('result', RESULT);
  for (const { said } of answers) expect(said).toHaveLength(2);
  expect(made).toEqual([]);
});

test.each([
  ['a failure of its own', 'error', failure('worker_lost'), 1],
  ['that it is lost', 'flight', 'lost x', 1],
  ['to split', 'flight', 'split x', 2],
] as const)('told of %s, who follows makes the call', async (_, kind, payload, calls) => {
  const { made, madeAs, hear, answers } = await setUpFollower();
  hear(kind, payload);
  await vi.waitFor(() => expect(made).toHaveLength(calls));
  for (const at of made.keys()) madeAs(at).result(RESULT);
  expect(answers.map(({ said }) => said)).toEqual(Array(2).fill([`result ${RESULT}`]));
});

test('a client that asks is asked alone: other front doors are told to make their own call', async () => {
  const { call, made, madeAs, end, sent } = setUpFlights({}, false);
  call();
  await vi.waitFor(() => expect(made).toHaveLength(1));
  end.mockResolvedValueOnce([OTHER]);
  madeAs().serverRequest('{"id":"q"}');
  await vi.waitFor(() =>
    expect(sent).toEqual([`${OTHER.id} flight split ${ENVELOPE_VERSION} f-b f-b.flight-1`]),
  );
  madeAs().result(RESULT);
  expect(sent).toHaveLength(1);
});

test('who follows and waits no more says so, when nobody here does', async () => {
  const { sent, answers } = await setUpFollower();
  answers[0].leave();
  expect(sent).toHaveLength(1);
  answers[1].leave();
  expect(sent[1]).toBe(`${OTHER.id} flight leave ${ENVELOPE_VERSION} f-a f-a.flight-1`);
});

test('a call that all clients here have left goes on for another front door, until that leaves', async () => {
  const { call, made, madeAs, end, hear } = setUpFlights({}, false);
  end.mockResolvedValueOnce([OTHER]);
  const answer = call();
  await vi.waitFor(() => expect(made).toHaveLength(1));
  const cancelled = vi.fn();
  madeAs().onGone(cancelled);
  answer.leave();
  await vi.waitFor(() => expect(end).toHaveBeenCalledTimes(1));
  await new Promise((resolve) => setImmediate(resolve));
  expect(cancelled).not.toHaveBeenCalled();
  hear('flight', `leave ${ENVELOPE_VERSION} f-b f-b.flight-1`);
  expect(cancelled).toHaveBeenCalledTimes(1);
});

test('clients that go before it is known who makes the call leave nothing undone', async () => {
  const { call, made, begin, end, sent } = setUpFlights({}, false);
  const asked = Promise.withResolvers<undefined>();
  begin.mockReturnValueOnce(asked.promise);
  end.mockResolvedValueOnce([OTHER]);
  call().leave();
  asked.resolve(undefined);
  await vi.waitFor(() =>
    expect(sent).toEqual([`${OTHER.id} flight lost ${ENVELOPE_VERSION} f-b f-b.flight-1`]),
  );
  expect(made).toEqual([]);
});

test('when nobody can be asked the call is made', async () => {
  const { call, made, madeAs, begin, end } = setUpFlights({}, false);
  begin.mockRejectedValueOnce(new Error('Redis is away'));
  end.mockRejectedValueOnce(new Error('Redis is away'));
  const answer = call();
  await vi.waitFor(() => expect(made).toHaveLength(1));
  madeAs().result(RESULT);
  expect(answer.said).toEqual([`result ${RESULT}`]);
});

test('an end of one’s own that Redis was not told is not followed', async () => {
  const { call, made, begin } = setUpFlights({}, false);
  begin.mockResolvedValueOnce({ id: 'f-a.flight-0', to: { frontDoor: 'f-a', version: ENVELOPE_VERSION } });
  call();
  await vi.waitFor(() => expect(made).toHaveLength(1));
});
