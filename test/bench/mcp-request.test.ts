import { expect, test } from 'vitest';
import { McpRequest, numbers, textOf } from './mcp-request.ts';

test('a numbered request is whole, and carries its number as id and in its text', () => {
  const nextNumber = numbers();
  const request = new McpRequest(8080, 'echo');
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
