import { expect, test } from 'vitest';
import { parseResponse } from './response-parser.ts';

const sized = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}';
const chunked =
  'HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n';

test('reads a response with a length', () => {
  expect(parseResponse(sized)).toEqual({ status: 200, body: '{"a":1}' });
});

test('reads a response in chunks', () => {
  expect(parseResponse(chunked)).toEqual({ status: 404, body: '{"a":1}' });
});

test.each([sized, chunked])('waits for the rest, wherever the response is cut', (whole) => {
  for (let length = 0; length < whole.length; length += 1) {
    expect(parseResponse(whole.slice(0, length))).toBeUndefined();
  }
});

test.each([sized, chunked])('refuses bytes after the end', (whole) => {
  expect(() => parseResponse(`${whole}HTTP/1.1`)).toThrow('bytes after the end of a response');
});

test('refuses a response without a length', () => {
  expect(() => parseResponse('HTTP/1.1 200 OK\r\n\r\nbody')).toThrow('without a length');
});
