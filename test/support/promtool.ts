import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where it is kept once it was fetched. */
const KEPT = fileURLToPath(new URL('../../node_modules/.cache/millrace/promtool', import.meta.url));

const MISSING =
  'promtool is missing, and apt-get could not fetch it: install prometheus (Debian: apt-get install prometheus, ' +
  'macOS: brew install prometheus)';

/** The path of promtool: from the PATH, or out of Debian's package, which is unpacked but not installed. */
export async function findPromtool(): Promise<string> {
  if (await works('promtool')) return 'promtool';
  if (existsSync(KEPT)) return KEPT;
  try {
    await fetchPackage();
  } catch (cause) {
    throw new Error(MISSING, { cause });
  }
  return KEPT;
}

export interface PromtoolAnswer {
  readonly ok: boolean;
  readonly output: string;
}

export async function promtool(...args: readonly string[]): Promise<PromtoolAnswer> {
  const program = await findPromtool();
  try {
    const { stdout, stderr } = await run(program, [...args]);
    return { ok: true, output: stdout + stderr };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return { ok: false, output: stdout + stderr };
  }
}

async function works(program: string): Promise<boolean> {
  return run(program, ['--version']).then(
    () => true,
    () => false,
  );
}

async function fetchPackage(): Promise<void> {
  const parent = join(KEPT, '..');
  await mkdir(parent, { recursive: true });
  const directory = await mkdtemp(join(parent, 'prometheus-'));
  try {
    await download(directory);
    const found = (await readdir(directory)).find((name) => name.endsWith('.deb'));
    if (!found) throw new Error('apt-get brought no package');
    await run('dpkg-deb', ['-x', join(directory, found), directory]);
    await rename(join(directory, 'usr/bin/promtool'), KEPT);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The lists of packages may never have been read on this machine. */
async function download(cwd: string): Promise<void> {
  const get = () => run('apt-get', ['download', '-q', 'prometheus'], { cwd });
  await get().catch(async () => {
    await run('apt-get', ['update', '-q']);
    await get();
  });
}
