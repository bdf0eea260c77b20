import { expect, test } from 'vitest';
import { Greeting } from './greeting.ts';

const serverInfo = { name: 'millrace', version: '0.1.0' };
const greeting = new Greeting({ serverInfo, instructions: 'Ask kindly.' });

test('discovery names the stateless revisions, what is served, and who serves', () => {
  expect(JSON.parse(greeting.discover())).toMatchObject({
    resultType: 'complete',
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {}, resources: {}, prompts: {}, completions: {} },
    instructions: 'Ask kindly.',
    _meta: { 'io.modelcontextprotocol/serverInfo': serverInfo },
  });
});

test.each([
  ['2025-06-18', '2025-06-18'],
  ['2025-03-26', '2025-03-26'],
  ['2024-11-05', '2025-11-25'],
  ['2030-01-01', '2025-11-25'],
  [undefined, '2025-11-25'],
])('a client that asks for %s is served by %s', (asked, given) => {
  expect(JSON.parse(greeting.initialize({ protocolVersion: asked }))).toMatchObject({
    protocolVersion: given,
    serverInfo,
    instructions: 'Ask kindly.',
  });
});

test('without instructions there are none', () => {
  const plain = new Greeting({ serverInfo, instructions: undefined });
  expect(JSON.parse(plain.discover())).not.toHaveProperty('instructions');
});
