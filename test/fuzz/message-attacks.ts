import { gzipSync } from 'node:zlib';
import { toolCall } from '../support/wire.ts';
import type { Attack } from './attack.ts';

const MIB = 1024 * 1024;
const ECHO = toolCall('echo', { text: 'hello' });
/** A call whose arguments have one more member. */
const callWith = (json: string) =>
  JSON.stringify(ECHO.body).replace('"hello"', () => `"hello","more":${json}`);

/** Requests whose size or shape is the weapon, by name: bodies that must not be served. */
const BODIES: Readonly<Record<string, () => string | Uint8Array>> = {
  'arrays in arrays': () => '['.repeat(4 * MIB - 10),
  'objects in objects': () => '{"a":'.repeat(700_000),
  'depth below arguments': () => callWith(`${'['.repeat(10_000)}${']'.repeat(10_000)}`),
  'a body of empty arrays': () => `[${'[],'.repeat(1_300_000)}[]]`,
  'a body of members': () => `{${Array.from({ length: 300_000 }, (_, at) => `"k${at}":1`).join(',')}}`,
  'a number without end': () => `{"jsonrpc":"2.0","id":${'9'.repeat(3 * MIB)},"method":"ping"}`,
  'a string without end': () => callWith(`"${'a'.repeat(3 * MIB)}"`),
  'more than the limit': () => `"${'a'.repeat(5 * MIB)}"`,
  'a key that reaches the prototype': () => callWith('{"__proto__":{"isAdmin":true}}'),
  'the same, escaped': () => callWith(String.raw`{"\u005f_proto__":{"isAdmin":true}}`),
  'a constructor with a prototype': () => callWith('{"constructor":{"prototype":{"isAdmin":true}}}'),
  'bytes that are no text': () =>
    Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"'),
      Buffer.from([0xff, 0xfe, 0xc0, 0xaf]),
      Buffer.from('"}'),
    ]),
  'half of a letter': () => Buffer.from([0x22, 0xe2, 0x82]),
  'a bomb': () => gzipSync(Buffer.alloc(64 * MIB, 0x20)),
  'many messages': () =>
    `[${Array.from({ length: 5_000 }, (_, id) => JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' })).join(',')}]`,
  'the method twice, the second unknown': () =>
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"nothing","params":{}}',
  'an id of another kind': () => '{"jsonrpc":"2.0","id":{"toString":1},"method":"tools/list","params":{}}',
  'no version': () => '{"id":1,"method":"tools/list","params":{}}',
  nothing: () => '',
};

const SESSION_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2025-03-26',
};

export const hostileBodies: Attack = async ({ gun, judge, credentials }) => {
  for (const [name, make] of Object.entries(BODIES)) {
    for (const headers of [SESSION_HEADERS, { ...ECHO.headers }]) {
      const shot = { name, headers: { ...headers, ...credentials.ours }, body: make(), mustFail: true };
      judge.judge(shot, await gun.fire(shot));
    }
  }
  const bomb = {
    name: 'a bomb that says so',
    headers: { ...ECHO.headers, ...credentials.ours, 'content-encoding': 'gzip' },
    body: BODIES['a bomb']?.() ?? '',
    mustFail: true,
  };
  judge.judge(bomb, await gun.fire(bomb));
};

/** The header names one tool, and the body another one. */
export const disagreeingHeaders: Attack = async ({ gun, judge, credentials }) => {
  for (const header of [
    { 'mcp-name': 'add' },
    { 'mcp-method': 'tools/list' },
    { 'mcp-protocol-version': '2025-06-18' },
  ]) {
    const shot = {
      name: 'headers that disagree with the body',
      headers: { ...ECHO.headers, ...credentials.ours, ...header },
      body: JSON.stringify(ECHO.body),
      mustFail: true,
    };
    judge.judge(shot, await gun.fire(shot));
  }
};
