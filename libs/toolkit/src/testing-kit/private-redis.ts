import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Redis of a test alone. */
export interface PrivateRedis {
  readonly url: string;
  stop(): Promise<void>;
}

const PROGRAMS = ['redis-server', 'valkey-server'];
const HOST = '127.0.0.1';
const TRIES = 3;

/**
 * Ends the server ($2 …) and removes its directory ($1) when standard input closes, which it does with the process that
 * holds the other end, even one that was killed.
 */
const KEEPER = `
directory=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ cat >/dev/null 2>&1; kill "$server" 2>/dev/null; } <&3 3<&- &
watcher=$!
exec 3<&-
wait "$server"; status=$?
kill "$watcher" 2>/dev/null
rm -rf "$directory"
exit "$status"`;

/** What `sh` says of a program that is not there. */
const NOT_FOUND = 127;

/**
 * Starts `redis-server` or `valkey-server` on a free port of the loopback interface; it keeps nothing on disk.
 * Rejects with what to install when neither is there, or with what the server said when it does not start.
 */
export async function startPrivateRedis(programs: readonly string[] = PROGRAMS): Promise<PrivateRedis> {
  for (const program of programs) {
    const redis = await tryProgram(program);
    if (redis) return redis;
  }
  throw new Error(
    `no ${programs.join(' or ')} is on the PATH: install one, or give testCluster the "redisUrl" of a Redis`,
  );
}

/** A port that was free a moment ago may be taken now: then another one is tried. */
async function tryProgram(program: string): Promise<PrivateRedis | undefined> {
  for (let tries = 1; ; tries += 1) {
    const port = await freePort();
    const directory = await mkdtemp(join(tmpdir(), 'millrace-test-redis-'));
    const settings = ['--bind', HOST, '--port', String(port), '--dir', directory, '--save', ''];
    const child = spawn('sh', ['-c', KEEPER, 'sh', directory, program, ...settings], { detached: true });
    const stop = async () => {
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(directory, { recursive: true, force: true });
    };
    const output = await readyOrEnded(child);
    if (output === undefined) return { url: `redis://${HOST}:${port}`, stop };
    await stop();
    if (child.exitCode === NOT_FOUND) return undefined;
    if (tries === TRIES || !/address already in use/i.test(output)) {
      throw new Error(`${program} did not start: ${output.trim().slice(-500)}`);
    }
  }
}

/** @returns undefined when the server takes connections, what it printed when it has ended */
function readyOrEnded(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let output = '';
    const take = (text: string) => {
      output += text;
      if (/ready to accept connections/i.test(output)) resolve(undefined);
    };
    child.stdout?.setEncoding('utf8').on('data', take);
    child.stderr?.setEncoding('utf8').on('data', take);
    child.once('exit', () => resolve(output));
    child.once('error', reject);
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
