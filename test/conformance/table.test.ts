import { expect, test } from 'vitest';
import { scoreRevision, scoreScenario } from './score.ts';
import { renderScore } from './table.ts';

test('the table has a line for each scenario and for each complaint', () => {
  const scenarios = {
    ping: scoreScenario([{ id: 'ping', name: 'Ping', status: 'SUCCESS' }], true),
    'tasks-lifecycle': scoreScenario(
      [{ id: 'task', name: 'Task', status: 'FAILURE', errorMessage: 'gone' }],
      false,
    ),
  };
  expect(renderScore('2026-07-28', scoreRevision(scenarios, 1.5))).toBe(
    [
      'Revision 2026-07-28, 1.5 s',
      '✓ ping             1 passed',
      '✗ tasks-lifecycle  0 passed, 1 failed, not scored',
      '    failure task (Task): gone',
      '2026-07-28: 1 passed, 1 failed (scored alone: 1 passed, 0 failed)',
    ].join('\n'),
  );
});
