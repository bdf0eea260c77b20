import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, OperatorError } from '@millrace/service';

/** A Redis to work with: one that was there already, or a private one that ends with `stop` or with this process. */
export interface LocalRedis {
  readonly url: string;
  /** Resolves with the last output when a private server ends without being asked to. */
  readonly lost: Promise<string>;
  /** Ends a private server and removes its files; does nothing to one that was there already. */
  stop(): Promise<void>;
}

export interface PrivateRedisOptions {
  /** Any free port unless given. */
  readonly port?: number;
  /** More arguments for the server, such as `['--maxclients', '50']`. */
  readonly args?: readonly string[];
  /** How long the server may take to be ready. */
  readonly startTimeoutMs?: number;
  /** The programs to try, in order. */
  readonly programs?: readonly string[];
}

export interface FindRedisOptions extends PrivateRedisOptions {
  /** A running Redis; it is used as it is. */
  readonly url?: string | undefined;
  readonly logger?: Logger;
  readonly installers?: readonly Installer[];
}

/** One way to install Redis without asking anything. */
export interface Installer {
  /** The package manager's program. */
  readonly program: string;
  readonly asRoot: boolean;
  /** For `sh`. */
  readonly command: string;
}

const PROGRAMS = ['redis-server', 'valkey-server'];
const HOST = '127.0.0.1';
const STOP_TIMEOUT_MS = 5000;

const INSTALLERS: readonly Installer[] = [
  {
    program: 'apt-get',
    asRoot: true,
    command:
      'apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends redis-server',
  },
  { program: 'apk', asRoot: true, command: 'apk add --no-cache redis || apk add --no-cache valkey' },
  { program: 'dnf', asRoot: true, command: 'dnf install -y valkey || dnf install -y redis' },
  { program: 'brew', asRoot: false, command: 'brew install redis' },
];

/**
 * Keeps the server ($2 …) alive as long as its own standard input is open: the pipe closes with the process that
 * holds it, even one killed by SIGKILL. Then the server ends and its directory ($1) goes.
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

const NOT_FOUND = 127;

/**
 * The Redis at `url`; else a private server from the PATH; else one that the package manager installs, where that
 * takes one command and no question.
 * @throws OperatorError in one line that says what to install
 */
export async function findRedis(options: FindRedisOptions): Promise<LocalRedis> {
  const { url, logger } = options;
  if (url) return { url, lost: new Promise(() => undefined), stop: async () => undefined };
  const found = (await tryPrograms(options)) ?? (await installAndStart(options));
  logger?.info({ url: found.url }, 'started a private Redis');
  return found;
}

/**
 * A private server on the loopback interface that keeps nothing on disk.
 * @throws OperatorError when there is no such program, or with its last output when it does not get ready
 */
export async function startPrivateRedis(options: PrivateRedisOptions = {}): Promise<LocalRedis> {
  const redis = await tryPrograms(options);
  if (!redis) throw notInstalled(options.programs);
  return redis;
}

async function installAndStart(options: FindRedisOptions): Promise<LocalRedis> {
  const installer = await usableInstaller(options.installers ?? INSTALLERS);
  if (!installer) throw notInstalled(options.programs);
  process.stderr.write(`No redis-server or valkey-server on the PATH. Running: ${installer.command}\n`);
  const code = await runShell(installer.command, 2);
  const redis = code === 0 ? await tryPrograms(options) : undefined;
  if (!redis)
    throw notInstalled(options.programs, `"${installer.command}" did not provide it (exit code ${code})`);
  return redis;
}

function notInstalled(
  programs = PROGRAMS as readonly string[],
  reason = 'none is on the PATH',
): OperatorError {
  const how =
    'install one (Debian: apt-get install redis-server, macOS: brew install redis), or set REDIS_URL';
  return new OperatorError(`Redis is missing: no ${programs.join(' or ')} (${reason}); ${how}`);
}

async function usableInstaller(installers: readonly Installer[]): Promise<Installer | undefined> {
  const isRoot = process.getuid?.() === 0;
  for (const installer of installers) {
    if (installer.asRoot && !isRoot) continue;
    if ((await runShell(`command -v ${installer.program}`, 'ignore')) === 0) return installer;
  }
  return undefined;
}

/** @returns the exit code; -1 when there is no shell */
async function runShell(command: string, output: 'ignore' | 2): Promise<number> {
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', output, output] });
  await endOf(child);
  return child.exitCode ?? -1;
}

async function tryPrograms(options: PrivateRedisOptions): Promise<LocalRedis | undefined> {
  for (const program of options.programs ?? PROGRAMS) {
    const redis = await tryProgram(program, options);
    if (redis) return redis;
  }
  return undefined;
}

/** A port found free may be gone a moment later: then another is tried. */
async function tryProgram(program: string, options: PrivateRedisOptions): Promise<LocalRedis | undefined> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const server = await launch(program, port, options.args ?? []);
    const outcome = await server.outcome(options.startTimeoutMs ?? 10_000);
    if (outcome === 'ready') return server.redis;
    await server.redis.stop();
    if (outcome === 'not found') return undefined;
    const mayRetry =
      options.port === undefined && attempt < 3 && /address already in use/i.test(server.output());
    if (!mayRetry) throw new OperatorError(`${program} did not start (${outcome}): ${server.output()}`);
  }
}

type Outcome = 'ready' | 'not found' | 'it ended' | 'time-out';

interface Launched {
  readonly redis: LocalRedis;
  output(): string;
  outcome(timeoutMs: number): Promise<Outcome>;
}

async function launch(program: string, port: number, args: readonly string[]): Promise<Launched> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-redis-'));
  const settings = [
    '--bind',
    HOST,
    '--port',
    String(port),
    '--dir',
    directory,
    '--save',
    '',
    '--appendonly',
    'no',
  ];
  // A session of its own, so that Ctrl-C in the terminal does not reach it before those who still need it.
  const child = spawn('sh', ['-c', KEEPER, 'sh', directory, program, ...settings, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const output = new LastOutput(child);
  const ended = endOf(child);
  let stopping = false;
  const redis = {
    url: `redis://${HOST}:${port}`,
    lost: ended.then(() => (stopping ? new Promise<string>(() => undefined) : output.text())),
    stop: async () => {
      stopping = true;
      await stopKeeper(child, ended);
      // The keeper does this too, unless it had to be killed.
      await rm(directory, { recursive: true, force: true });
    },
  };
  return {
    redis,
    output: () => output.text(),
    outcome: (timeoutMs) => firstOutcome(output, child, ended, timeoutMs),
  };
}

async function firstOutcome(
  output: LastOutput,
  child: ChildProcess,
  ended: Promise<void>,
  timeoutMs: number,
): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<Outcome>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, 'time-out');
  });
  const end = ended.then((): Outcome => (child.exitCode === NOT_FOUND ? 'not found' : 'it ended'));
  const ready = output.has(/ready to accept connections/i).then((): Outcome => 'ready');
  try {
    return await Promise.race([ready, end, expiry]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when the process has ended, or could not be started at all. */
function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
}

async function stopKeeper(child: ChildProcess, ended: Promise<void>): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.stdin?.end();
  const timer = setTimeout(() => process.kill(-pid, 'SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}

/** The last lines that a server printed. */
class LastOutput {
  #text = '';
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#text = (this.#text + text).slice(-2000);
      });
    }
  }

  text(): string {
    return this.#text.trim().split('\n').slice(-5).join('\n');
  }

  has(pattern: RegExp): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (pattern.test(this.#text)) resolve();
      };
      this.#child.stdout?.on('data', look);
      look();
    });
  }
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
