import { type Call, isOfCanary } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { aCall } from '../testing/calls.ts';
import { RequestState } from './request-state.ts';

const key = 'a secret that all workers of the fleet share';
const ada = { id: 'ada', tenant: 'analytical' };
const call = aCall({ target: 'deploy', principal: ada });
const round = { answers: { confirm: { action: 'accept' } }, state: { step: 2 } };

function refused(requestState: unknown, by: Call = call, states = new RequestState({ key })): unknown {
  try {
    return states.open(by, requestState);
  } catch (error) {
    return error;
  }
}

const refusal = {
  kind: 'invalid_params',
  message: 'Invalid or expired requestState',
  members: { reason: 'invalid_request_state' },
};

describe('a signed state', () => {
  it('is opened by any worker that has the key', () => {
    const sealed = new RequestState({ key }).seal(call, round);
    expect(new RequestState({ key }).open(call, sealed)).toMatchObject(round);
  });

  it('is refused by a worker with another key', () => {
    const sealed = new RequestState({ key }).seal(call, round);
    expect(refused(sealed, call, new RequestState({ key: 'another' }))).toMatchObject(refusal);
    expect(refused(sealed, call, new RequestState())).toMatchObject(refusal);
  });

  it.each<[string, Partial<Call>]>([
    ['another principal', { principal: { ...ada, id: 'eve' } }],
    ['another tenant', { principal: { ...ada, tenant: 'mechanical' } }],
    ['another method', { method: 'prompts/get' }],
    ['another target', { target: 'destroy' }],
  ])('is refused for %s', (_, other) => {
    const sealed = new RequestState({ key }).seal(call, round);
    expect(refused(sealed, { ...call, ...other })).toMatchObject(refusal);
  });

  it('is good for its ten minutes, and then no more', () => {
    let now = 1_000;
    const states = new RequestState({ key, now: () => now });
    const sealed = states.seal(call, round);
    now += 599_999;
    expect(states.open(call, sealed)).toMatchObject(round);
    now += 1;
    expect(refused(sealed, call, states)).toMatchObject(refusal);
  });

  it('cannot be changed', () => {
    const sealed = new RequestState({ key }).seal(call, round);
    const [version, body = '', signature = ''] = sealed.split('.');
    const forged = Buffer.from(JSON.stringify({ ...round, state: 'root', expires: Number.MAX_SAFE_INTEGER }));
    for (const changed of [
      `${sealed}-TAMPERED`,
      `${sealed}.`,
      sealed.slice(0, -1),
      [version, forged.toString('base64url'), signature].join('.'),
      ['v2', body, signature].join('.'),
      [version, `${body}=`, signature].join('.'),
      [version, body, `${signature}=`].join('.'),
      [version, body].join('.'),
      '',
      'hello',
      7,
      null,
      {},
    ]) {
      expect(refused(changed), String(changed)).toMatchObject(refusal);
    }
  });

  it('does not say on the wire what is wrong with it', () => {
    const error = refused('v1.x.y') as { toJsonRpc(): unknown; cause: Error };
    const wire = error.toJsonRpc();
    expect(wire).toMatchObject({
      code: -32602,
      message: 'Invalid or expired requestState',
      data: { name: 'invalid_params', reason: 'invalid_request_state' },
    });
    expect(JSON.stringify(wire)).not.toContain('changed');
    expect(error.cause.message).toContain('changed');
  });
});

it('the state of a canary says so, and every worker of the fleet can open it', () => {
  const canary = new RequestState({ key: 'k', canary: true });
  const sealed = canary.seal(aCall(), { answers: {} });
  expect(isOfCanary(sealed)).toBe(true);
  const stable = new RequestState({ key: 'k' });
  expect(stable.open(aCall(), sealed)).toMatchObject({ answers: {} });
  expect(isOfCanary(stable.seal(aCall(), { answers: {} }))).toBe(false);
});
