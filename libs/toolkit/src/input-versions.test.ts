import { expect, test } from 'vitest';
import { z } from 'zod';
import { INPUT_VERSION_META_KEY, type InputMigration } from './input-versions.ts';
import { aContext, aToolCall } from './testing/calls.ts';
import { defineTool } from './tool.ts';

const MIGRATIONS: readonly InputMigration[] = [
  // Version 1 had the whole name in one field, version 2 in two.
  {
    from: 1,
    to: 2,
    migrate: ({ fullName, ...rest }) => {
      const [first, last] = String(fullName).split(' ');
      return { ...rest, first, last };
    },
  },
  // Version 3 keeps both in an object.
  {
    from: 2,
    to: 3,
    migrate: ({ first, last, ...rest }) => {
      if (first === undefined) throw new Error('there is no first name');
      return { ...rest, name: { first, last } };
    },
  },
];

const greet = defineTool({
  name: 'greet',
  input: z.object({ name: z.object({ first: z.string(), last: z.string() }) }),
  inputVersion: 3,
  migrations: MIGRATIONS,
  meta: { team: 'hospitality' },
  handler: ({ name: { first, last } }) => `Hello, ${first} of the ${last}s!`,
});

const HELLO = { content: [{ type: 'text', text: 'Hello, Ada of the Lovelaces!' }] };

function run(args: Record<string, unknown>, version?: unknown) {
  const call = aToolCall('greet', args);
  if (version !== undefined) call.params['_meta'] = { [INPUT_VERSION_META_KEY]: version };
  return greet.run(call, aContext(call));
}

test.each([
  ['version 1', { fullName: 'Ada Lovelace' }],
  ['version 2', { first: 'Ada', last: 'Lovelace' }],
  ['the newest version', { name: { first: 'Ada', last: 'Lovelace' } }],
])('arguments of %s still work', async (_, args) => {
  expect(await run(args)).toEqual(HELLO);
});

test.each([
  [1, { fullName: 'Ada Lovelace' }],
  [2, { first: 'Ada', last: 'Lovelace' }],
  [3, { name: { first: 'Ada', last: 'Lovelace' } }],
])('a client may name version %i', async (version, args) => {
  expect(await run(args, version)).toEqual(HELLO);
});

test('arguments are taken for the version that is named, and for no other', async () => {
  await expect(run({ fullName: 'Ada Lovelace' }, 3)).rejects.toMatchObject({ kind: 'invalid_params' });
  await expect(run({ fullName: 'Ada Lovelace' }, 2)).rejects.toThrow('not arguments of version 2');
});

test('arguments that fit no version are told what the newest one wants', async () => {
  await expect(run({ nickname: 'Ada' })).rejects.toThrow(/tool greet: name: expected object/);
});

test('a version that is not known is refused with both versions', async () => {
  await expect(run({}, 9)).rejects.toMatchObject({
    kind: 'invalid_params',
    message: expect.stringMatching(/of version 9 cannot be turned into version 3; known versions: 1, 2, 3/),
  });
  await expect(run({}, 'newest')).rejects.toThrow(`_meta.${INPUT_VERSION_META_KEY}: expected a number`);
});

test('tools/list tells the version, so that clients can name it', () => {
  expect(greet.describe()['_meta']).toEqual({ [INPUT_VERSION_META_KEY]: 3, team: 'hospitality' });
});

test('a history that does not lead to the input is refused when the tool is declared', () => {
  const declare = () =>
    defineTool({ name: 'greet', inputVersion: 4, migrations: MIGRATIONS, handler: () => 'hello' });
  expect(declare).toThrow('input of tool greet of version 3 cannot be turned into version 4');
});
