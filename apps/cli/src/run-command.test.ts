import { PassThrough } from 'node:stream';
import { OperatorError } from '@millrace/service';
import { expect, test } from 'vitest';
import { parseArguments, type RunCommand, type Terminal, UnreachableError, UsageError } from './command.ts';
import { COMMANDS } from './commands.ts';
import { helpOfCommand } from './help.ts';
import { runCommand, wishOf } from './run-command.ts';

function terminal(): Terminal & { readonly errors: PassThrough } {
  return {
    env: {},
    input: new PassThrough(),
    output: new PassThrough(),
    errors: new PassThrough(),
    interrupted: new AbortController().signal,
  };
}

test('the table has each command once, and each has an example', () => {
  const names = COMMANDS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(['up', 'call', 'tools', 'workers', 'top', 'bench', 'doctor']));
  for (const { examples, name } of COMMANDS) {
    expect(examples.length).toBeGreaterThan(0);
    for (const [line] of examples) expect(line).toMatch(new RegExp(`^${name}\\b`));
  }
});

test.each(COMMANDS.map((command) => [command.name, command] as const))(
  'help of %s shows all that it takes',
  (name, command) => {
    const text = helpOfCommand(command);
    expect(text).toMatch(new RegExp(`^Usage: millrace ${name}`));
    for (const option of Object.keys(command.options ?? {})) expect(text).toContain(`--${option}`);
    expect(wishOf(['help', name], COMMANDS)).toEqual({ kind: 'text', code: 0, text });
    expect(wishOf([name, '--help'], COMMANDS)).toEqual({ kind: 'text', code: 0, text });
  },
);

test('an unknown command is refused with the help', () => {
  const text = expect.stringMatching(/^millrace: there is no command "upp"\n\nUsage/);
  expect(wishOf(['upp'], COMMANDS)).toEqual({ kind: 'text', code: 2, text });
  expect(wishOf(['help', 'upp'], COMMANDS)).toEqual({ kind: 'text', code: 2, text });
});

test.each([
  [new UsageError('wrong'), 2, 'millrace x: wrong\nSee: millrace help x\n'],
  [new UnreachableError('away'), 3, 'millrace x: away\n'],
  [new OperatorError('no'), 1, 'millrace x: no\n'],
])('%s ends with its own exit code', async (error, code, told) => {
  const where = terminal();
  const command: RunCommand = {
    name: 'x',
    summary: '',
    usage: [''],
    examples: [],
    run: async () => {
      throw error;
    },
  };
  expect(await runCommand(command, [], where)).toBe(code);
  expect(where.errors.read()?.toString()).toBe(told);
});

test('arguments are checked by what the command declares', () => {
  const options = {
    count: { type: 'string', help: '' },
    tag: { type: 'string', multiple: true, help: '' },
    json: { type: 'boolean', help: '' },
  } as const;
  const parsed = parseArguments(['a', '--count', '3', '--tag=x', '--tag', 'y', '--json'], options);
  expect([parsed.positionals, parsed.count('count', 1), parsed.texts('tag'), parsed.flag('json')]).toEqual([
    ['a'],
    3,
    ['x', 'y'],
    true,
  ]);
  expect(parseArguments([], options).count('count', 7)).toBe(7);
  expect(() => parseArguments(['--sise'], options)).toThrow(UsageError);
  expect(() => parseArguments(['--count', '0'], options).count('count', 1)).toThrow(
    '--count: "0" — expected a whole number, 1 or more',
  );
});
