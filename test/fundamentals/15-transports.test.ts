import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { runAgent } from '../support/agent.ts';
import { startCluster } from '../support/cluster.ts';

/**
 * The same cluster by every way that leads to it: HTTP and WebSocket through a front door, Redis without one, and
 * `millrace stdio`, a local server for clients that can only start a program. All serve both eras, and what an agent
 * gets does not depend on how it came. Each agent here is a process of its own with an official client in it.
 */
const cluster = await startCluster({ plugins: ['fixture', 'asking'] });
afterAll(() => cluster.stop());

const webSocketUrl = cluster.url.replace('http:', 'ws:').replace('/mcp', '/ws');
const redis = [cluster.redisUrl, cluster.prefix];

const WAYS = [
  ['http', cluster.url],
  ['web-socket', webSocketUrl],
  ['redis', ...redis],
  ['stdio-url', cluster.url],
  ['stdio-redis', ...redis],
] as const;

test.each(WAYS.flatMap(([kind, ...where]) => (['v1', 'v2'] as const).map((sdk) => ({ sdk, kind, where }))))(
  'the client of SDK $sdk gets everything over $kind',
  async ({ sdk, kind, where }) => {
    const aborted = cluster.logged('aborted', { key: `${sdk} over ${kind}` });
    const report = await runAgent(sdk, kind, ...where);
    expect(report).toMatchObject({
      server: 'millrace',
      tools: expect.arrayContaining(['echo', 'greet', 'steps']),
      echo: 'grüezi',
      parallel: ['a', 'b', 'c'],
      // The SDK's own reader of a pipe loses progress that comes together with the answer.
      ...(!kind.startsWith('stdio') && { progress: [1, 2, 3] }),
      greeting: 'Hello, Ada!',
      unknown: { code: -32_602, message: expect.stringContaining('Unknown tool: nothing') },
      cancelled: true,
      after: 'still here',
    });
    await aborted;
  },
);

/** `millrace stdio` with this on its standard input. */
async function pipe(args: readonly string[], input: string) {
  const main = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, 'stdio', ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return {
    code,
    messages: stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  };
}

test.each([
  ['http', ['--url', cluster.url]],
  ['web-socket', ['--url', webSocketUrl]],
  ['redis', ['--redis', cluster.redisUrl, '--prefix', cluster.prefix]],
])(
  'over %s, a pipe answers each line, also one that is no JSON, and ends with its input',
  async (_, args) => {
    const call = {
      jsonrpc: '2.0',
      id: 7,
      method: 'tools/call',
      params: { name: 'echo', arguments: { text: 'x' } },
    };
    const { code, messages } = await pipe(args, `${JSON.stringify(call)}\nno JSON\n`);
    const answers = messages.filter(({ method }) => method === undefined);
    expect(answers).toHaveLength(2);
    expect(answers).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: 7, result: { content: [{ type: 'text', text: 'x' }] } }),
        expect.objectContaining({ id: null, error: expect.objectContaining({ code: -32_700 }) }),
      ]),
    );
    expect(code).toBe(0);
  },
);
