import { expect, test } from 'vitest';
import { LineSplitter } from './line-splitter.ts';

const splitter = (mostBytes = 100) => {
  const lines: string[] = [];
  return { lines, splitter: new LineSplitter(mostBytes, (line) => lines.push(line)) };
};

test('a line is whole again, in whatever pieces it comes', () => {
  const { lines, splitter: one } = splitter();
  const bytes = Buffer.from('{"ü":1}\n\n{"b":2}\nrest');
  for (const byte of bytes) one.push(Buffer.from([byte]));
  expect(lines).toEqual(['{"ü":1}', '', '{"b":2}']);
  one.push(Buffer.from('\n'));
  expect(lines.at(-1)).toBe('rest');
});

test('a line that is too long is refused, however it comes', () => {
  const { splitter: one } = splitter(10);
  one.push(Buffer.from('12345\n1234567890\n'));
  one.push(Buffer.from('123456'));
  expect(() => one.push(Buffer.from('78901'))).toThrow('a line is longer than 10 bytes');
});
