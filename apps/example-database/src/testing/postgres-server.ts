import { execFile, spawnSync } from 'node:child_process';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whether this machine has the binaries of a Postgres server on its PATH. */
export function hasPostgres(): boolean {
  return ['initdb', 'pg_ctl', 'postgres'].every((name) => spawnSync(name, ['--version']).status === 0);
}

export interface PostgresServer {
  /** Value for `DATABASE_URL`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A server of its own in a temporary directory. It listens on a socket file there, so it needs no port. */
export async function startPostgres(): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-pg-'));
  const user = await nonRootUser();
  if (user) await chown(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  const options = { ...user, cwd: directory };
  const init = [
    '--username',
    'millrace',
    '--auth',
    'trust',
    '--locale',
    'C',
    '--encoding',
    'UTF8',
    '--no-sync',
  ];
  await run('initdb', ['--pgdata', data, ...init], options);
  const settings = `-c listen_addresses= -c fsync=off -k ${directory}`;
  const log = join(directory, 'log');
  await run('pg_ctl', ['start', '--wait', '--pgdata', data, '--log', log, '--options', settings], options);
  return {
    url: `postgres://millrace@${encodeURIComponent(directory)}/postgres`,
    async stop() {
      await run('pg_ctl', ['stop', '--pgdata', data, '--mode', 'immediate'], options);
      await rm(directory, { recursive: true });
    },
  };
}

/** Postgres refuses to run as root, so root runs it as somebody else. */
async function nonRootUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const id = async (flag: string) => Number((await run('id', [flag, 'nobody'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}
