import { describe, expect, test } from 'vitest';
import type { Entry } from './ledger.ts';
import { judge, missedBars, percentile } from './verdict.ts';

const TIMEOUT_MS = 10_000;

const sent = (call: string, at: number, more: { idempotent?: boolean; attempt?: number } = {}): Entry => ({
  kind: 'sent',
  call,
  attempt: 1,
  idempotent: true,
  door: 0,
  producer: 'p0',
  at,
  ...more,
});
const answer = (call: string, at: number, outcome = 'result', attempt = 1): Entry => ({
  kind: 'answer',
  call,
  attempt,
  outcome,
  at,
});
const begin = (call: string, run: string, at: number, pid = 1): Entry => ({
  kind: 'begin',
  call,
  run,
  pid,
  at,
});
const broken: Entry = { kind: 'broken', call: 'a', attempt: 1, at: 5 };
const killed: Entry = { kind: 'fault', fault: 'kill-front-door', at: 4, until: 4, door: 0 };
const done = (call: string, at: number): Entry => ({ kind: 'done', call, at });

const figuresOf = (...entries: Entry[]) => judge(entries, 7, TIMEOUT_MS).figures;

test('a call that is answered once, in time, is what everybody wants', () => {
  const figures = figuresOf(sent('a', 0), begin('a', 'r1', 1), answer('a', 5), done('a', 5));
  expect(figures).toMatchObject({ accepted: 1, answered: 1, lost: 0, duplicate_answers: 0, late: 0 });
  expect(missedBars(figures)).toEqual([]);
});

test('a call without an answer is lost', () => {
  const hung: Entry = { kind: 'hung', call: 'a', attempt: 1, at: 20_000 };
  const figures = figuresOf(sent('a', 0), hung, done('a', 20_000), sent('b', 0));
  expect(figures).toMatchObject({ accepted: 2, answered: 0, lost: 2 });
  expect(missedBars(figures)).toEqual(['lost is 2, and may be 0 at most']);
});

test('a call whose front door did not take it, or died, was not accepted', () => {
  const verdict = judge([sent('a', 0, { idempotent: false }), killed, broken, done('a', 5)], 7, TIMEOUT_MS);
  expect([verdict.figures.accepted, verdict.figures.lost, verdict.broken]).toEqual([0, 0, 1]);
});

test('a call that a front door let go of though nobody ended it is lost', () => {
  const other: Entry = { kind: 'fault', fault: 'kill-front-door', at: 4, until: 4, door: 1 };
  expect(figuresOf(sent('a', 0), broken, done('a', 5)).lost).toBe(1);
  expect(figuresOf(sent('a', 0), other, broken, done('a', 5)).lost).toBe(1);
  const upgraded: Entry = { kind: 'fault', fault: 'upgrade-front-door', at: 4, until: 900, door: 0 };
  expect(figuresOf(sent('a', 0), upgraded, broken, done('a', 5)).lost).toBe(0);
  expect(figuresOf(sent('a', 0), begin('a', 'r1', 1), upgraded, broken, done('a', 5)).lost).toBe(1);
});

test('a call that may run twice has to survive its workers, and so has such a task', () => {
  const failed: Entry = { kind: 'task-end', call: 'a', status: 'failed', at: 9 };
  const ended = (call: string, outcome: string) => [sent(call, 0), answer(call, 5, outcome), done(call, 5)];
  expect(figuresOf(...ended('a', 'worker_lost')).idempotent_not_survived).toBe(1);
  expect(figuresOf(...ended('a', 'result'), failed).idempotent_not_survived).toBe(1);
  expect(figuresOf(...ended('p0.poison.1', 'worker_lost')).idempotent_not_survived).toBe(0);
  const unlucky: Entry = { kind: 'answer', call: 'a', attempt: 1, outcome: 'worker_lost', deaths: 3, at: 5 };
  expect(figuresOf(sent('a', 0), unlucky, done('a', 5))).toMatchObject({
    given_up: 1,
    idempotent_not_survived: 0,
  });
  const again = [answer('a', 5, 'worker_lost'), sent('a', 6, { attempt: 2 }), answer('a', 9, 'result', 2)];
  expect(figuresOf(sent('a', 0), ...again, done('a', 9)).idempotent_not_survived).toBe(0);
});

test('two answers for one attempt are one too many; one for each of two attempts are not', () => {
  const twice = figuresOf(sent('a', 0), answer('a', 5), answer('a', 6), done('a', 6));
  const retried = figuresOf(
    sent('a', 0),
    answer('a', 5, 'no_live_worker'),
    sent('a', 6, { attempt: 2 }),
    answer('a', 9, 'result', 2),
    done('a', 9),
  );
  expect([twice.duplicate_answers, retried.duplicate_answers]).toEqual([1, 0]);
});

describe('a second execution', () => {
  const twice = (idempotent: boolean, outcome: string) =>
    figuresOf(
      sent('a', 0, { idempotent }),
      begin('a', 'r1', 1),
      begin('a', 'r2', 2),
      answer('a', 5, outcome),
      done('a', 5),
    );

  test('of an idempotent tool is counted, and no harm', () => {
    expect(twice(true, 'result')).toMatchObject({
      repeated_idempotent_executions: 1,
      silent_second_executions: 0,
    });
  });

  test('of another tool is harm, unless its client was told', () => {
    expect(twice(false, 'result').silent_second_executions).toBe(1);
    expect(twice(false, 'worker_lost').silent_second_executions).toBe(0);
  });

  test('is silent too when the client was told that it may make the call again', () => {
    const figures = figuresOf(
      sent('a', 0, { idempotent: false }),
      begin('a', 'r1', 1),
      answer('a', 5, 'deadline_exceeded'),
      sent('a', 6, { idempotent: false, attempt: 2 }),
      begin('a', 'r2', 7),
      answer('a', 9, 'result', 2),
      done('a', 9),
    );
    expect(figures.silent_second_executions).toBe(1);
  });
});

test('an answer after the deadline is late, unless its front door stood still', () => {
  const entries = [sent('a', 0), answer('a', TIMEOUT_MS + 2_001), done('a', TIMEOUT_MS + 2_001)];
  const stop: Entry = { kind: 'fault', fault: 'stop-front-door', at: 9_000, until: 11_000, door: 0 };
  expect(figuresOf(...entries).late).toBe(1);
  expect(figuresOf(stop, ...entries)).toMatchObject({ late: 0, faults: 1 });
});

test('a worker has been recovered from when its calls run elsewhere, or their clients are told', () => {
  const death: Entry = { kind: 'death', pid: 1, at: 100 };
  const rerun = [sent('a', 0), begin('a', 'r1', 50), begin('a', 'r2', 2_100, 2), answer('a', 2_200)];
  const told = [sent('b', 0), begin('b', 'r3', 60), answer('b', 2_600, 'worker_lost')];
  const unhurt = [sent('c', 0), begin('c', 'r4', 70), answer('c', 90)];
  expect(figuresOf(death, ...rerun).worker_recovery_p99_ms).toBe(2_000);
  expect(figuresOf(death, ...rerun, ...told, ...unhurt).worker_recovery_p99_ms).toBe(2_500);
});

test('while Redis is down no worker can be recovered from: that time is left out', () => {
  const death: Entry = { kind: 'death', pid: 1, at: 100 };
  const away: Entry = { kind: 'fault', fault: 'restart-redis', at: 500 };
  const back: Entry = { kind: 'redis-back', at: 1_500 };
  const rerun = [sent('a', 0), begin('a', 'r1', 50), begin('a', 'r2', 3_100, 2), answer('a', 3_200)];
  expect(figuresOf(death, away, back, ...rerun).worker_recovery_p99_ms).toBe(2_000);
});

test('a client that lost its front door cannot be told in time while Redis is down', () => {
  const kill: Entry = { kind: 'fault', fault: 'kill-front-door', at: 5_000, door: 0 };
  const away: Entry = { kind: 'fault', fault: 'restart-redis', at: 9_000 };
  const back: Entry = { kind: 'redis-back', at: 20_000 };
  const entries = [sent('a', 0), answer('a', 20_500, 'deadline_exceeded'), done('a', 20_500)];
  expect(figuresOf(away, back, ...entries).late).toBe(1);
  expect(figuresOf(kill, away, back, ...entries).late).toBe(0);
});

test('Redis has been recovered from when the last producer has a result', () => {
  const away: Entry = { kind: 'fault', fault: 'restart-redis', at: 500 };
  const back: Entry = { kind: 'redis-back', at: 1_000 };
  const other: Entry = { ...sent('b', 0), producer: 'p1' } as Entry;
  const figures = figuresOf(sent('a', 0), other, away, back, answer('a', 1_200), answer('b', 1_900));
  expect(figures.redis_recovery_ms).toBe(900);
});

test('a task that never ends is lost', () => {
  const task: Entry = { kind: 'task', call: 'a', task: 't', at: 5 };
  const end: Entry = { kind: 'task-end', call: 'a', status: 'completed', at: 9 };
  expect(figuresOf(sent('a', 0), task, answer('a', 5), done('a', 9))).toMatchObject({
    tasks: 1,
    tasks_lost: 1,
  });
  expect(figuresOf(sent('a', 0), task, end, answer('a', 5)).tasks_lost).toBe(0);
});

test('the longest stall is the longest time between two answers', () => {
  const finish: Entry = { kind: 'finish', at: 800 };
  const calls = ['a', 'b', 'c'].map((call) => sent(call, 0));
  const answers = [answer('a', 100), answer('b', 700), answer('c', 5_000)];
  expect(figuresOf(...calls, ...answers, finish).longest_stall_ms).toBe(600);
});

test.each([
  [[], 0.99, 0],
  [[5], 0.99, 5],
  [[3, 1, 2], 0.5, 2],
  [[1, 2, 3, 4], 0.99, 4],
])('of %j the share %d lies at %d', (values, share, expected) => {
  expect(percentile(values, share)).toBe(expected);
});
