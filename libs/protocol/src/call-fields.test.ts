import { expect, test } from 'vitest';
import type { Call } from './call.ts';
import { callFields } from './call-fields.ts';

const CALL: Call = {
  id: 'f-1.1',
  method: 'tools/call',
  target: 'echo',
  params: { name: 'echo', arguments: { password: 'secret' } },
  revision: '2026-07-28',
  deadline: 0,
};

test('a line says which call of whom it belongs to, and nothing of its arguments', () => {
  expect(callFields(CALL)).toEqual({ call: 'f-1.1', tenant: 'default', tool: 'echo' });
});

test('it names tenant, session and task where there are some', () => {
  const call = { ...CALL, principal: { id: 'a', tenant: 'acme' }, session: 's-1', task: 't-1' };
  expect(callFields(call)).toEqual({
    call: 'f-1.1',
    tenant: 'acme',
    tool: 'echo',
    session: 's-1',
    task: 't-1',
  });
});

test('what is no tool is called a target', () => {
  const call: Call = { ...CALL, method: 'resources/read', target: 'users://1' };
  expect(callFields(call)).toEqual({ call: 'f-1.1', tenant: 'default', target: 'users://1' });
});
