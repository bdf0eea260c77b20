import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Cluster } from '../support/cluster.ts';

const MAIN = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));

export interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `millrace` as an operator of the cluster does, to its end. */
export function millrace(cluster: Cluster, line: string, env: Readonly<Record<string, string>> = {}) {
  const { promise, resolve } = Promise.withResolvers<Printed>();
  const settings = { REDIS_URL: cluster.redisUrl, MILLRACE_PREFIX: cluster.prefix };
  const child = execFile(
    process.execPath,
    [MAIN, ...line.split(' ')],
    { env: { PATH: process.env['PATH'], ...settings, ...env } },
    (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
  );
  return promise;
}

/** Asks the admin port of the first front door, as the programs of operators do. */
export async function admin(
  cluster: Cluster,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  headers: Readonly<Record<string, string>> = {},
) {
  const response = await fetch(`${cluster.adminUrls[0]}${path}`, { method, headers });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
