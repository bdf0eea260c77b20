import type { Ending, FlightAddress, Outcome } from '@millrace/broker';
import {
  type Call,
  type Frame,
  type IdempotencyClaim,
  MillraceError,
  type TerminalFrame,
} from '@millrace/protocol';
import { createLogger } from '@millrace/service';
import { beforeEach, expect, test, vi } from 'vitest';
import { KeyedReplies } from './keyed-replies.ts';

const CLAIM: IdempotencyClaim = { record: 'r', digest: 'd', owner: 'o', ttlMs: 1_000 };
const CALL = { id: 'c-1', method: 'tools/call', target: 't', params: {}, revision: '2026-07-28' } as Call;
const TO = { frontDoor: 'f-1', version: 2 };
const WAITING: FlightAddress = { id: 'f-2.flight-1', to: { frontDoor: 'f-2', version: 2 } };
const RESULT: TerminalFrame = { call: 'c-1', kind: 'result', payload: '{"content":[]}', runMs: 5 };

const done: string[] = [];
const send = vi.fn((_: object, frame: Frame) => void done.push(`sent ${frame.call} ${frame.kind}`));
const end = vi.fn(async (_: IdempotencyClaim, outcome: Outcome): Promise<Ending> => {
  done.push(`kept ${outcome.kind}`);
  return { waiting: [WAITING] };
});
const release = vi.fn(async () => {
  done.push('released');
  return [WAITING];
});

function failure(kind: ConstructorParameters<typeof MillraceError>[0], runMs = 5): TerminalFrame {
  const payload = JSON.stringify(new MillraceError(kind, 'x').toJsonRpc('c-1'));
  return { call: 'c-1', kind: 'error', payload, runMs };
}

function newReplies(isIdempotent = false): KeyedReplies {
  const logger = createLogger({ name: 'test', level: 'silent' });
  const records = { end, release };
  return new KeyedReplies({ replies: { send }, records, isIdempotent: () => isIdempotent, logger });
}

async function reply(frame: Frame, isIdempotent = false): Promise<void> {
  const keyed = newReplies(isIdempotent);
  keyed.send(CALL, CLAIM, TO, frame);
  await keyed.flush();
}

beforeEach(() => {
  done.length = 0;
});

test('an outcome is kept before it is told, and who waits for it is told as well', async () => {
  await reply(RESULT);
  expect(done).toEqual(['kept result', 'sent f-2.flight-1 flight', 'sent c-1 result']);
  expect(end).toHaveBeenCalledWith(CLAIM, { kind: 'result', payload: RESULT.payload, era: 'modern' });
});

test('progress goes its way at once', async () => {
  await reply({ call: 'c-1', kind: 'notification', payload: '{}' });
  expect(done).toEqual(['sent c-1 notification']);
});

test('the outcome that stands already is told, whatever came after it', async () => {
  end.mockResolvedValueOnce({ earlier: { kind: 'result', payload: '"first"' }, waiting: [] });
  await reply(failure('worker_lost', 0));
  expect(send).toHaveBeenLastCalledWith(TO, { call: 'c-1', kind: 'result', payload: '"first"', runMs: 0 });
});

test('a question to the client is no outcome: the call comes again', async () => {
  await reply({ ...RESULT, payload: '{"resultType":"input_required"}' });
  expect(done).toEqual(['released', 'sent f-2.flight-1 flight', 'sent c-1 result']);
});

test.each([
  ['deadline_exceeded', 5, false, 'kept error'],
  ['cancelled', 5, false, 'kept error'],
  ['worker_lost', 0, false, 'kept error'],
  ['tool_error', 5, false, 'kept error'],
  ['tool_error', 5, true, 'released'],
  ['deadline_exceeded', 5, true, 'released'],
  ['deadline_exceeded', 0, false, 'released'],
  ['invalid_params', 5, false, 'released'],
  ['circuit_open', 5, false, 'released'],
  ['broker_unavailable', 0, false, 'released'],
] as const)(
  '%s after %d ms of a tool that may run twice (%s): %s',
  async (kind, runMs, isIdempotent, first) => {
    await reply(failure(kind, runMs), isIdempotent);
    expect(done[0]).toBe(first);
    expect(done.at(-1)).toBe('sent c-1 error');
  },
);

test('what cannot be kept is told all the same', async () => {
  end.mockRejectedValueOnce(new Error('no memory left'));
  await reply(RESULT);
  expect(done).toEqual(['sent c-1 result']);
});

test('a call that is dropped unrun leaves its key free, and nobody is answered', async () => {
  const keyed = newReplies();
  keyed.drop({ ...CALL, idempotency: CLAIM });
  keyed.drop(CALL);
  await keyed.flush();
  expect(done).toEqual(['released', 'sent f-2.flight-1 flight']);
  release.mockRejectedValueOnce(new Error('no memory left'));
  keyed.drop({ ...CALL, idempotency: CLAIM });
  await expect(keyed.flush()).resolves.toBeUndefined();
});
