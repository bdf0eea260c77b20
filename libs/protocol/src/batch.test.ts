import { expect, test } from 'vitest';
import { type Batch, readBatch, writeBatch } from './batch.ts';
import type { Call } from './call.ts';
import { ENVELOPE_VERSION } from './envelope.ts';

const call: Call = {
  id: 'f-1.1',
  method: 'tools/call',
  target: 'echo',
  params: { name: 'echo' },
  revision: '2025-11-25',
  deadline: 1,
};
const batch: Batch = { replyTo: { frontDoor: 'f-1', version: ENVELOPE_VERSION }, calls: [call] };

test('a batch comes out as it went in', () => {
  const wire = writeBatch(batch);
  expect(wire.v).toBe(ENVELOPE_VERSION);
  expect(readBatch(JSON.parse(JSON.stringify(wire)))).toEqual(batch);
});

test('a worker of version 1 gets the form that it knows', () => {
  const session = { session: 's-1', capabilities: { sampling: {} } };
  const wire = writeBatch({ ...batch, calls: [{ ...call, ...session }] }, 1);
  expect(wire).toEqual({ v: 1, replyTo: 'f-1', calls: [call] });
});

test('a front door of version 1 is answered in its version', () => {
  expect(readBatch({ v: 1, replyTo: 'f-1', calls: [call] })).toEqual({
    replyTo: { frontDoor: 'f-1', version: 1 },
    calls: [call],
  });
});

test.each([0, 99])('a batch of version %i is refused with the versions that are read', (v) => {
  expect(() => readBatch({ v })).toThrow(
    `batch of version ${v} cannot be read: this process reads versions 1 to ${ENVELOPE_VERSION}`,
  );
});

test('a worker of version 1 refuses a batch of version 2', () => {
  expect(() => readBatch(writeBatch(batch, 2), 1)).toThrow('version 2 cannot be read');
});
