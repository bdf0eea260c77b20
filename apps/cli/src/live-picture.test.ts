import { expect, test } from 'vitest';
import { readExposition } from './exposition.ts';
import { breakersOf, pictureText, requestsOf } from './live-picture.ts';

const NAME = 'mcp_server_operation_duration_seconds';
const reading = (ok: number, error: number) =>
  readExposition(`${NAME}_bucket{status="ok",le="0.005"} ${ok}
${NAME}_bucket{status="ok",le="+Inf"} ${ok}
${NAME}_bucket{status="error",le="0.005"} 0
${NAME}_bucket{status="error",le="+Inf"} ${error}
${NAME}_count{status="ok"} ${ok}
${NAME}_count{status="error"} ${error}
millrace_breaker_state{breaker="weather"} ${error > 0 ? 2 : 0}
millrace_breaker_state{breaker="mail"} 0
`);

test('rates and times are those between two readings', () => {
  expect(requestsOf(reading(100, 0), reading(298, 2), 2)).toEqual({
    perSecond: 100,
    errorsPerSecond: 1,
    p50: 5,
    p99: 5,
  });
  expect(requestsOf(reading(1, 0), reading(1, 0), 1)).toEqual({ perSecond: 0, errorsPerSecond: 0 });
  // A front door that was started anew counts from the beginning.
  expect(requestsOf(reading(100, 0), reading(10, 0), 1)).toEqual({ perSecond: 0, errorsPerSecond: 0 });
});

test('only breakers that are not closed are told', () => {
  expect(breakersOf(reading(0, 0))).toEqual([]);
  expect(breakersOf([...reading(0, 1), ...reading(0, 1)])).toEqual([{ name: 'weather', state: 'open' }]);
});

test('a picture names pools, rates, breakers and who does not answer', () => {
  const pool = {
    pool: 'default',
    active: 3,
    waiting: 40,
    oldestWaitMs: 12.4,
    paused: true,
    workers: 2,
    slots: 128,
  };
  const text = pictureText({
    at: 0,
    pools: [pool],
    requests: { perSecond: 10, errorsPerSecond: 1, p99: 25 },
    breakers: [{ name: 'weather', state: 'open' }],
    silent: ['http://a:9090'],
  });
  expect(text).toContain('default (paused)  2        128    3       40       12 ms');
  expect(text).toContain('requests  10/s, 1/s errors, p50 -, p99 ≤ 25 ms');
  expect(text).toContain('breakers  weather open');
  expect(text).toContain('no answer from http://a:9090');
  expect(pictureText({ at: 0, pools: [], breakers: [], silent: [] })).toMatch(
    /not known yet\nbreakers {2}all closed/,
  );
});
