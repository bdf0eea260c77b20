import type { Priority } from '@millrace/protocol';
import { systemClock } from '@millrace/service';
import { expect, test } from 'vitest';
import type { Dispatch } from './dispatch.ts';
import type { SharedLoad } from './load-exchange.ts';
import { PoolGate } from './pool-gate.ts';
import { aCall, aResult } from './testing/calls.ts';

const SLOTS = 4;
const IDLE: SharedLoad = { slice: 1, others: 0, least: 0, done: 0, waitingDoors: 0, severalTenants: false };

/** A gate before four slots, and what has passed it, in order; an urgent call has an exclamation mark. */
function aGate(slots = SLOTS) {
  const passed: string[] = [];
  const refused: string[] = [];
  const state = { connected: true };
  const time = { now: Date.now() };
  const sent = new Map<string, Dispatch>();
  const gate: PoolGate = new PoolGate({
    slots: () => slots,
    canSend: () => state.connected,
    send: (dispatch, urgent) => {
      passed.push(`${dispatch.call.id}${urgent ? '!' : ''}`);
      sent.set(dispatch.call.id, dispatch);
    },
    refuse: (dispatch, lateMs) => {
      refused.push(`${dispatch.call.id} ${lateMs}`);
      gate.leave(dispatch);
    },
    clock: { now: () => time.now },
  });
  /** The first calls that were sent come back, after 100 ms each. */
  const answer = (count = 1) => {
    for (const [id, dispatch] of [...sent].slice(0, count)) {
      sent.delete(id);
      gate.leave(dispatch, aResult(id, '{}', 100));
    }
  };
  return { gate, passed, refused, time, state, answer };
}

function aDispatch(id: string, tenant?: string, priority?: Priority): Dispatch {
  const call = aCall(id, tenant === undefined ? {} : { principal: { id: 'x', tenant } });
  const rest = { pool: 'default', idempotent: true, bytes: 1, listener: () => undefined };
  return { call, ...rest, ...(priority && { priority }) };
}

/** A gate whose pool is known to need 100 ms for a call: four run, some more are at hand. */
function knownGate() {
  const made = aGate();
  made.gate.enter(aDispatch('first'));
  made.answer();
  made.passed.length = 0;
  return made;
}

/** Calls of a tenant until some of them wait. */
function flood(gate: PoolGate, count = 50, tenant = 'flood'): void {
  for (let n = 1; n <= count; n += 1) gate.enter(aDispatch(`${tenant}${n}`, tenant));
}

test('while there is room every call passes at once', () => {
  const { gate, passed } = aGate();
  for (const id of ['a', 'b', 'c']) gate.enter(aDispatch(id));
  expect(passed).toEqual(['a', 'b', 'c']);
  expect([gate.sent, gate.waiting, gate.waitMs('default', 'normal')]).toEqual([3, 0, 0]);
});

test('twice as many as there are slots are on the queue, the rest waits; each answer lets one pass', () => {
  const { gate, passed, answer } = knownGate();
  flood(gate);
  expect([gate.sent, gate.waiting]).toEqual([8, 42]);
  answer(2);
  expect(passed.slice(8)).toEqual(['flood9', 'flood10']);
  expect([gate.sent, gate.waiting]).toEqual([8, 40]);
});

test('while tenants compete there is less on the queue', () => {
  const { gate, answer } = knownGate();
  flood(gate);
  gate.enter(aDispatch('quiet', 'quiet'));
  gate.see(IDLE);
  answer(6);
  expect(gate.sent).toBe(5);
});

test('a call of a quiet tenant is next, and overtakes what is on the queue', () => {
  const { gate, passed, answer } = knownGate();
  flood(gate);
  gate.enter(aDispatch('quiet', 'quiet'));
  answer(2);
  expect(passed.slice(8)).toContain('quiet!');
});

test('when many overtake, others get on nevertheless', () => {
  const { gate, passed, answer } = knownGate();
  flood(gate, 10);
  for (let n = 1; n <= 100; n += 1) gate.enter(aDispatch(`high${n}`, 'flood', 'high'));
  for (let n = 0; n < 20; n += 1) answer(5);
  const overtaking = passed.filter((id) => id.endsWith('!')).length;
  expect(overtaking).toBeGreaterThan(16);
  expect(overtaking).toBeLessThanOrEqual(passed.length / 2 + 16);
});

test('a high priority overtakes as soon as there is a queue', () => {
  const { gate, passed } = knownGate();
  flood(gate, 5);
  gate.enter(aDispatch('high', 'flood', 'high'));
  expect(passed.at(-1)).toBe('high!');
});

test('a call that is given up while it waits is never sent', () => {
  const { gate, passed, answer } = knownGate();
  flood(gate, 8);
  const dispatch = aDispatch('gone', 'flood');
  gate.enter(dispatch);
  gate.leave(dispatch);
  answer(8);
  expect(passed).not.toContain('gone');
  expect([gate.sent, gate.waiting]).toEqual([0, 0]);
});

test('a call that cannot be sent leaves at once: the others have their turn', () => {
  const failed: string[] = [];
  const gate: PoolGate = new PoolGate({
    slots: () => 1,
    canSend: () => true,
    send: (dispatch) => {
      if (dispatch.call.id === 'first') return;
      failed.push(dispatch.call.id);
      gate.leave(dispatch);
    },
    refuse: () => undefined,
    clock: systemClock,
  });
  const first = aDispatch('first');
  gate.enter(first);
  gate.leave(first, aResult('first', '{}', 1_000));
  gate.enter(first);
  gate.enter(first);
  const waiting = Array.from({ length: 20_000 }, (_, n) => `${n}`);
  for (const id of waiting) gate.enter(aDispatch(id));
  gate.leave(first);
  expect(failed).toEqual(waiting);
});

test('while nothing can be put on the queue, what waits goes on waiting', () => {
  const { gate, passed, state, answer } = knownGate();
  flood(gate, 10);
  state.connected = false;
  answer(6);
  expect([passed.length, gate.waiting]).toEqual([8, 2]);
  state.connected = true;
  gate.see(undefined);
  expect([passed.length, gate.waiting]).toEqual([10, 0]);
});

test('the wait grows with what is before a call, and a quiet tenant waits for its turn only', () => {
  const { gate } = knownGate();
  flood(gate, 46);
  // Five must leave the queue, then 38 others; four are done in 100 ms.
  expect(gate.waitMs('flood', 'normal')).toBeCloseTo((5 + 38) * 25);
  expect(gate.waitMs('quiet', 'normal')).toBeCloseTo((5 + 1) * 25);
});

test('calls of other front doors are before it too, and have their share', () => {
  const { gate } = knownGate();
  gate.see({ ...IDLE, others: 10 });
  expect(gate.waitMs('default', 'normal')).toBeCloseTo(7 * 25);
  flood(gate, 16);
  // This front door has 8 of 18 calls on the queue, so that its 8 others wait for 18 answers.
  expect(gate.waitMs('flood', 'normal')).toBeCloseTo((15 + 18) * 25);
});

test('front doors that all have calls waiting share the room', () => {
  const { gate } = knownGate();
  gate.see({ ...IDLE, waitingDoors: 2 });
  flood(gate);
  expect(gate.sent).toBe(4);
});

test('what the pool was seen doing with its hands full counts for more than its run times', () => {
  const { gate } = knownGate();
  flood(gate);
  for (let slice = 2; slice < 6; slice += 1) gate.see({ ...IDLE, slice, least: 5, done: 5 });
  expect(gate.waitMs('quiet', 'normal')).toBeGreaterThan(300);
});

test('when more is known, calls that would end after their deadline are refused', () => {
  const { gate, refused, time } = knownGate();
  time.now = 1_000;
  for (let n = 1; n <= 10; n += 1) {
    const dispatch = aDispatch(`a${n}`);
    gate.enter({ ...dispatch, call: { ...dispatch.call, deadline: 1_400 } });
  }
  gate.see(IDLE);
  expect([refused, gate.waiting]).toEqual([[], 2]);
  // Another front door has nearly as many on the queue: the first one here ends after 375 ms, the next after 419.
  gate.see({ ...IDLE, others: 6 });
  expect([refused, gate.waiting]).toEqual([['a10 18.75'], 1]);
});

test('what it tells the others', () => {
  const { gate, answer } = knownGate();
  gate.reported();
  flood(gate, 3);
  answer(2);
  expect(gate.report()).toEqual({ calls: 1, least: 0, done: 2, waiting: false, tenant: 'flood' });
  gate.reported();
  gate.enter(aDispatch('a', 'a'));
  gate.enter(aDispatch('b', 'b'));
  expect(gate.report()).toEqual({ calls: 3, least: 1, done: 0, waiting: false, tenant: '*' });
});

test('a pool without slots is not shared out: its calls wait in its queue for a worker', () => {
  const { gate } = aGate(0);
  flood(gate, 1_000);
  expect([gate.sent, gate.waiting, gate.waitMs('flood', 'normal')]).toEqual([1_000, 0, 0]);
});
