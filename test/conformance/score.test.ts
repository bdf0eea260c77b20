import { expect, test } from 'vitest';
import { type Check, scoreRevision, scoreScenario } from './score.ts';

const check = (status: Check['status'], errorMessage?: string): Check => ({
  id: 'id',
  name: 'Name',
  status,
  ...(errorMessage !== undefined && { errorMessage }),
});

test('a scenario counts its checks and keeps what the suite complains of', () => {
  const checks = [check('SUCCESS'), check('SUCCESS'), check('INFO'), check('SKIPPED')];
  expect(scoreScenario([...checks, check('FAILURE', 'bad'), check('WARNING')], true)).toEqual({
    scored: true,
    passed: 2,
    failed: 1,
    warnings: 1,
    skipped: 1,
    complaints: ['failure id (Name): bad', 'warning id (Name): no reason given'],
  });
});

test('a scenario that could not be run has failed', () => {
  expect(scoreScenario(undefined, false)).toMatchObject({ scored: false, passed: 0, failed: 1 });
});

test('a revision counts all scenarios, and the scored ones apart', () => {
  const scenarios = {
    ping: scoreScenario([check('SUCCESS')], true),
    'tasks-lifecycle': scoreScenario([check('SUCCESS'), check('FAILURE')], false),
  };
  expect(scoreRevision(scenarios, 3)).toEqual({
    passed: 2,
    failed: 1,
    scored: { passed: 1, failed: 0 },
    seconds: 3,
    scenarios,
  });
});
