/**
 * A server written by hand whose calls take as long as the test wants. argv[2]: a file; while it is there, nothing that
 * comes is answered. Calls of `hold` end when there is one of that name with `.go`.
 */
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [, , hanging = ''] = process.argv;
const tool = { inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } };
/** Calls of `meet` that wait for each other. */
const waiting: unknown[] = [];

const RESULTS: Readonly<Record<string, object>> = {
  initialize: {
    protocolVersion: '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'patient', version: '1' },
  },
  ping: {},
  'tools/list': {
    tools: [
      { ...tool, name: 'whoami' },
      { ...tool, name: 'meet', annotations: {} },
      { ...tool, name: 'hold', annotations: {} },
    ],
  },
};

function send(id: unknown, answer: object): void {
  console.log(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
}

function say(id: unknown): void {
  send(id, { result: { content: [{ type: 'text', text: `${process.pid}` }] } });
}

/** Answers when two calls are here at the same time. */
function meet(id: unknown): void {
  waiting.push(id);
  if (waiting.length === 2) for (const one of waiting.splice(0)) say(one);
}

function hold(id: unknown): void {
  console.error('holding');
  const watch = setInterval(() => {
    if (!existsSync(`${hanging}.go`)) return;
    clearInterval(watch);
    say(id);
  }, 10);
}

const TOOLS: Readonly<Record<string, (id: unknown) => void>> = { whoami: say, meet, hold };

function receive(line: string): void {
  const { id, method, params } = JSON.parse(line) as {
    id?: unknown;
    method: string;
    params: { name: string };
  };
  if (id === undefined || existsSync(hanging)) return;
  const result = RESULTS[method];
  if (method === 'tools/call') TOOLS[params.name]?.(id);
  else send(id, result ? { result } : { error: { code: -32601, message: 'Method not found' } });
}

const lines = createInterface({ input: process.stdin });
lines.on('line', receive);
lines.on('close', () => process.exit(0));
