import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { UpstreamInput } from '@millrace/upstreams';

const require = createRequire(import.meta.url);

/** One of the reference servers from npm, as an upstream. */
export function referenceServer(
  name: 'everything' | 'filesystem' | 'memory',
  ...args: readonly string[]
): UpstreamInput & { readonly command: string; readonly args: string[] } {
  const manifest = require.resolve(`@modelcontextprotocol/server-${name}/package.json`);
  return { command: process.execPath, args: [join(dirname(manifest), 'dist/index.js'), ...args] };
}

/** A server of `test/upstreams/servers`, as an upstream. */
export function testServer(
  name: string,
  ...args: readonly string[]
): UpstreamInput & { readonly command: string; readonly args: string[] } {
  const path = fileURLToPath(new URL(`../upstreams/servers/${name}.ts`, import.meta.url));
  return { command: process.execPath, args: [path, ...args] };
}

/** The setting of a worker that hosts these servers. */
export function hosting(upstreams: Readonly<Record<string, UpstreamInput>>): { MILLRACE_UPSTREAMS: string } {
  return { MILLRACE_UPSTREAMS: JSON.stringify(upstreams) };
}

export interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  /** Id of its process group. */
  readonly group: number;
  /** `Z` is a zombie: it ended, and nobody has asked how. */
  readonly state: string;
  readonly command: string;
}

/** All processes of the machine at this moment. */
export function processes(): RunningProcess[] {
  return readdirSync('/proc').filter(isPid).flatMap(readProcess);
}

/** The processes that one process has started and not lost sight of. */
export function childrenOf(parent: number): RunningProcess[] {
  return (readIfThere(`/proc/${parent}/task/${parent}/children`) ?? '')
    .split(' ')
    .filter(isPid)
    .flatMap(readProcess);
}

function isPid(entry: string): boolean {
  return /^\d+$/.test(entry);
}

function readProcess(pid: string): RunningProcess[] {
  const stat = readIfThere(`/proc/${pid}/stat`);
  const command = readIfThere(`/proc/${pid}/cmdline`);
  if (stat === undefined || command === undefined) return [];
  // The name may hold anything, also spaces and brackets.
  const [state = '', parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [
    {
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
      state,
      command: command.replaceAll('\0', ' ').trim(),
    },
  ];
}

/** @returns undefined when the process ended while we looked */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
