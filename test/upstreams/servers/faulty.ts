/**
 * A server written by hand, with one fault. argv[2] is the fault, argv[3] a file of which some make use.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [, , fault, file = ''] = process.argv;

if (fault === 'exits') {
  console.error('the configuration is wrong');
  console.error('giving up');
  process.exit(4);
}
if (fault === 'breaks' && existsSync(file)) {
  console.error('the disk is full');
  process.exit(5);
}
if (fault === 'rubbish') {
  console.log('Welcome to the best server ever!');
  console.log('{"half": ');
  process.stdout.write(`${'x'.repeat(100_000)}\n`);
}
if (fault === 'floods') setInterval(() => console.error('noise\n'.repeat(2_000)), 5);
if (fault === 'silent') console.error('waiting for the licence');
if (fault === 'forks') {
  console.error('two helpers are on their way');
  // A child that ignores everything it can, and one that does not.
  const stubborn = spawn('sh', ['-c', "trap '' TERM HUP; while :; do sleep 1; done"], { stdio: 'ignore' });
  const plain = spawn('sleep', ['1000'], { stdio: 'ignore' });
  appendFileSync(file, `${stubborn.pid}\n${plain.pid}\n`);
}
if (fault === 'stubborn') {
  console.error('here to stay');
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  setInterval(() => undefined, 1_000);
}

function answer(id: unknown, result: object): void {
  console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
}

const RESULTS: Readonly<Record<string, object>> = {
  initialize: {
    protocolVersion: '2025-11-25',
    capabilities: { tools: {} },
    serverInfo: { name: 'faulty', version: '1' },
  },
  ping: {},
  'tools/list': {
    tools: [{ name: `of_${fault}`, inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } }],
  },
  'tools/call': { content: [{ type: 'text', text: `${process.pid}` }] },
};

function receive(line: string): void {
  const { id, method } = JSON.parse(line) as { id?: unknown; method: string };
  if (fault === 'silent' || id === undefined) return;
  const result = RESULTS[method];
  if (result) answer(id, result);
  else
    console.log(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } }));
}

const lines = createInterface({ input: process.stdin });
lines.on('line', receive);
// What is to be killed stays, all others end with their input.
if (fault !== 'stubborn') lines.on('close', () => process.exit(0));
