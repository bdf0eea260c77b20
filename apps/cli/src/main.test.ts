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

test.each([[['upp']], [['up', 'down']]])('millrace %j is refused', (args) => {
  const { status, stdout, stderr } = millrace(args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(`millrace: there is no command "${args.join(' ')}"`);
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
