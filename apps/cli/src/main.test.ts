import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

function millrace(args: string[], env: NodeJS.ProcessEnv = {}) {
  const main = new URL('./main.ts', import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env });
  return { status, stdout, stderr };
}

test.each([[['help']], [['--help']], [[]]])('millrace %j shows the commands', (args) => {
  expect(millrace(args)).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringMatching(/^Usage: millrace/),
  });
});

test.each([
  [['upp'], 'millrace: there is no command "upp"'],
  [['up', 'down'], 'millrace up: up takes no arguments, and got "down"\nSee: millrace help up'],
  [['call'], 'millrace call: expected the name of one tool\nSee: millrace help call'],
  [['tools', '--nope'], "millrace tools: Unknown option '--nope'"],
])('millrace %j is refused', (args, message) => {
  const { status, stdout, stderr } = millrace(args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
});

test('wrong settings are told in one line each, without a stack', () => {
  const env = { MILLRACE_HTTP_PORT: 'abc', MILLRACE_ADMIN_PORT: '-1' };
  expect(millrace(['up'], env)).toEqual({
    status: 1,
    stdout: '',
    stderr:
      'MILLRACE_HTTP_PORT: "abc" — expected a whole number from 0 to 65535\n' +
      'MILLRACE_ADMIN_PORT: "-1" — expected a whole number from 0 to 65535\n',
  });
});
