import { expect, test } from 'vitest';
import { McpRequest, numbers, sessionCall, statelessCall, textOf } from './mcp-request.ts';

test('a numbered request is whole, and carries its number as id and in its text', () => {
  const nextNumber = numbers();
  const request = new McpRequest(8080, statelessCall('echo'));
  nextNumber();
  const number = nextNumber();
  const [head, body] = request.numbered(number).toString().split('\r\n\r\n') as [string, string];
  expect(head).toContain('Mcp-Name: echo');
  expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
  expect(JSON.parse(body)).toMatchObject({
    id: number,
    method: 'tools/call',
    params: { name: 'echo', arguments: { text: textOf(number) } },
  });
});

test('a call of a session names it, and needs no envelope', () => {
  const bytes = new McpRequest(8080, sessionCall('echo', 'abc')).numbered(numbers()());
  const [head, body] = bytes.toString().split('\r\n\r\n') as [string, string];
  expect(head).toContain('Mcp-Session-Id: abc\r\n');
  expect(head).toContain('MCP-Protocol-Version: 2025-11-25\r\n');
  expect(JSON.parse(body).params).toEqual({ name: 'echo', arguments: { text: textOf(10_000_000) } });
});
