import { expect, test } from 'vitest';
import { missedBars } from './figures.ts';
import { Judge } from './judge.ts';

const RESULT = '{"jsonrpc":"2.0","id":1,"result":{}}';
const REFUSAL = '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no"}}';
const INTERNAL =
  '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"oops","data":{"name":"internal_error"}}}';

function judged(mustFail: boolean, status: number, text: string): Judge {
  const judge = new Judge();
  judge.judge({ name: 'a shot', body: '{}', mustFail }, { status, text });
  return judge;
}

test.each([
  ['JSON', RESULT],
  ['an event stream', `event: message\ndata: ${RESULT}\n\n`],
  ['a batch', `[${REFUSAL},${RESULT}]`],
])('a result that should not be there is found, in %s', (_, text) => {
  const judge = judged(true, 200, text);
  expect(judge.wronglyAccepted).toBe(1);
  expect(judge.findings).toEqual([expect.stringContaining('wrongly accepted: a shot: {}')]);
});

test.each([
  ['a status', 500, 'oops'],
  ['an internal error in an answer of 200', 200, INTERNAL],
])('the server is blamed for %s', (_, status, text) => {
  expect(judged(false, status, text).serverErrors).toBe(1);
});

test.each([
  [true, 400, REFUSAL],
  [true, 0, ''],
  [true, 200, '{"jsonrpc":"2.0","id":1,"result":{"isError":true}}'],
  [false, 200, RESULT],
  [false, 503, REFUSAL],
  [true, 404, 'Not found'],
])('what is right is no finding: %s %s %s', (mustFail, status, text) => {
  expect(judged(mustFail, status, text).findings).toEqual([]);
});

test('no answer at all is one', () => {
  const judge = new Judge();
  judge.judge({ name: 'a shot', body: '{}', mustFail: false }, undefined);
  judge.expect('the good token is good', false, '401');
  expect([judge.unanswered, judge.wronglyAccepted, judge.requests]).toEqual([1, 1, 2]);
});

test('a figure past its bar is named', () => {
  const good = {
    requests: 1,
    crashes: 0,
    server_errors: 0,
    wrongly_accepted: 0,
    unanswered: 0,
    max_loop_block_ms: 200,
    memory_growth: 0.1,
    seed: 1,
  };
  expect(missedBars(good)).toEqual([]);
  expect(missedBars({ ...good, crashes: 1, max_loop_block_ms: 201, memory_growth: 0.2 })).toEqual([
    'crashes: 1, at most 0',
    'max_loop_block_ms: 201, at most 200',
    'memory_growth: 0.2, at most 0.1',
  ]);
});
