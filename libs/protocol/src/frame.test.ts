import { expect, test } from 'vitest';
import { ENVELOPE_VERSION } from './envelope.ts';
import { decodeFrames, encodeFrames, type Frame, isTerminal } from './frame.ts';

const roundTrip = (...frames: Frame[]) => decodeFrames(encodeFrames(frames));

test('frames come out as they went in, in their order', () => {
  const frames: Frame[] = [
    { call: 'f-1.1', kind: 'notification', payload: '{"method":"notifications/progress"}' },
    { call: 'f-1.1', kind: 'request', payload: '{"id":"w-1/f-1.1/1","method":"roots/list"}' },
    { call: 'f-1.2', kind: 'error', payload: '{"code":-32603}', runMs: 0 },
    { call: 'f-1.1', kind: 'result', payload: '{"content":[]}', runMs: 1.25 },
  ];
  expect(roundTrip(...frames)).toEqual(frames);
});

test.each([
  ['nothing', ''],
  ['line breaks', '{"a":\n"b"}\n'],
  ['umlauts', '{"text":"Grüße"}'],
  ['characters of two code units', '{"text":"𝄞🙂"}'],
  ['what looks like a header', '[1,"x","result",3,0]\n'],
])('a payload of %s', (_, payload) => {
  const after: Frame = { call: 'next', kind: 'result', payload: '{}', runMs: 2 };
  expect(roundTrip({ call: 'c', kind: 'result', payload, runMs: 1 }, after)).toEqual([
    { call: 'c', kind: 'result', payload, runMs: 1 },
    after,
  ]);
});

test('survives the way through Redis, which is UTF-8', () => {
  const frame: Frame = { call: 'c', kind: 'result', payload: '{"text":"ü🙂"}', runMs: 1 };
  expect(decodeFrames(Buffer.from(encodeFrames([frame])).toString('utf8'))).toEqual([frame]);
});

test.each([
  [0, 0],
  [0.000_01, 0.001],
  [0.142_182_999_99, 0.143],
])('a run of %f ms takes %f ms on the wire', (runMs, told) => {
  expect(roundTrip({ call: 'c', kind: 'result', payload: '', runMs })).toMatchObject([{ runMs: told }]);
});

test('no frames make a message of none', () => {
  expect(roundTrip()).toEqual([]);
});

test.each([0, 99, 'x'])('frames of version %j are refused with the versions that are read', (version) => {
  const message = `${JSON.stringify([version, 'c', 'result', 2, 0])}\n{}`;
  expect(() => decodeFrames(message)).toThrow(
    `frames of version ${version} cannot be read: this process reads versions 1 to ${ENVELOPE_VERSION}`,
  );
});

test('frames for a front door of version 1 say so, and leave out the kinds that it does not know', () => {
  const result: Frame = { call: 'c', kind: 'result', payload: '{}', runMs: 1 };
  const unknown = (['request', 'pause'] as const).map((kind) => ({ call: 'c', kind, payload: '' }));
  const message = encodeFrames([...unknown, result], 1);
  expect(message).toBe('[1,"c","result",2,1]\n{}');
  expect(decodeFrames(message)).toEqual([result]);
  expect(decodeFrames(message, 1)).toEqual([result]);
});

test('a front door of version 1 refuses frames of version 2', () => {
  expect(() => decodeFrames(encodeFrames([], 2), 1)).toThrow('version 2 cannot be read');
});

test('what is no message of frames is refused', () => {
  expect(() => decodeFrames('hello')).toThrow(SyntaxError);
});

test.each([
  ['notification', false],
  ['request', false],
  ['result', true],
  ['error', true],
] as const)('a %s ends its call: %s', (kind, terminal) => {
  expect(isTerminal({ call: 'c', kind, payload: '', runMs: 0 } as Frame)).toBe(terminal);
});
