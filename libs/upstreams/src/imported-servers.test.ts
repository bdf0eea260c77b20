import { expect, test } from 'vitest';
import { importServers } from './imported-servers.ts';
import { readUpstreams } from './read-upstreams.ts';

const imported = (content: unknown) => importServers(JSON.stringify(content), 'mcp.json');

test('servers of Claude Desktop become upstreams, each with a prefix of its own', () => {
  const { upstreams, skipped } = imported({
    mcpServers: {
      filesystem: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-filesystem', '/data'] },
      'my memory': { command: 'npx', args: [], env: { DEBUG: 1 }, autoApprove: ['read'] },
    },
  });
  expect(skipped).toEqual([]);
  expect(upstreams).toEqual({
    filesystem: {
      command: 'npx',
      args: ['-y', '@modelcontextprotocol/server-filesystem', '/data'],
      prefix: 'filesystem_',
    },
    'my-memory': { command: 'npx', env: { DEBUG: '1' }, prefix: 'my-memory_' },
  });
  expect(readUpstreams(upstreams, {})).toHaveLength(2);
});

test('a server alone needs no prefix', () => {
  expect(imported({ mcpServers: { one: { command: 'x' } } }).upstreams).toEqual({ one: { command: 'x' } });
});

test('what VS Code would ask its user for becomes a variable', () => {
  const { upstreams, variables } = imported({
    inputs: [{ id: 'api-key', type: 'promptString', password: true }],
    servers: {
      web: { type: 'http', url: 'https://x/mcp', headers: { authorization: `Bearer \${input:api-key}` } },
    },
  });
  expect(upstreams).toEqual({
    web: { url: 'https://x/mcp', headers: { authorization: `Bearer \${API_KEY}` } },
  });
  expect(variables).toEqual(['API_KEY']);
});

test.each([[{ mcp: { servers: { a: { command: 'x' } } } }], [{ context_servers: { a: { command: 'x' } } }]])(
  '%j is a list of servers too',
  (content) => {
    expect(imported(content).upstreams).toEqual({ a: { command: 'x' } });
  },
);

test('what cannot be hosted is left out, with the reason', () => {
  const { upstreams, skipped } = imported({
    mcpServers: {
      'a b': { httpUrl: 'https://x/mcp' },
      'a/b': { command: 'x' },
      off: { command: 'x', disabled: true },
      old: { type: 'sse', url: 'https://x/sse' },
      empty: {},
      wrong: 'x',
    },
  });
  expect(Object.keys(upstreams)).toEqual(['a-b']);
  expect(skipped.map(({ name, reason }) => `${name}: ${reason}`)).toEqual([
    'a/b: there is another of that name',
    'off: it is disabled',
    'old: SSE alone is an old transport that is not hosted: use its Streamable HTTP address',
    'empty: it has neither a command nor a url',
    'wrong: it is no object',
  ]);
});

test.each([
  ['{', /^mcp.json: .*JSON/],
  ['[]', 'mcp.json: expected a JSON object'],
  ['{"mcpServers":[]}', 'mcp.json: expected an object with mcpServers or servers or context_servers'],
])('%s is refused', (text, message) => {
  expect(() => importServers(text, 'mcp.json')).toThrow(message);
});
