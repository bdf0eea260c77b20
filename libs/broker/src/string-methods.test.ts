import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const script = `
  const areQuick = () => %HasFastProperties(String.prototype);
  const told = [areQuick()];
  await import('ioredis');
  told.push(areQuick());
  const { quickenStringMethods } = await import('${new URL('string-methods.ts', import.meta.url)}');
  quickenStringMethods();
  told.push(areQuick());
  class Derived extends String {}
  console.log(JSON.stringify([...told, areQuick()]));
`;

test('ioredis makes the methods of strings slow, until they are quickened once', async () => {
  const flags = ['--allow-natives-syntax', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: import.meta.dirname });
  // Should the second be true with another version of ioredis or Node, nobody needs the function any more.
  expect(JSON.parse(stdout)).toEqual([true, false, true, true]);
});
