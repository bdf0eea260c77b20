import { cp, mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OperatorError } from '@millrace/service';

export interface CreateOptions {
  /** Where the package goes; it is made, or is empty. */
  readonly directory: string;
  /** Name of the package, and of its plugin; that of the directory unless given. */
  readonly name?: string;
  /** Name of its first tool; `greet` unless given. */
  readonly tool?: string;
  /** The pool whose workers run it; the name of the package unless given. */
  readonly pool?: string;
  /** A checkout of Millrace whose packages it uses; those of the registry are installed unless given. */
  readonly link?: string;
}

const TEMPLATE = fileURLToPath(new URL('../template', import.meta.url));

/** Files whose names would mean something where the template lies. */
const RENAMED = { gitignore: '.gitignore', dockerignore: '.dockerignore' };

const PACKAGE_NAME = /^[a-z0-9][a-z0-9._-]{0,100}$/;
const TOOL_NAME = /^[A-Za-z][\w.-]{0,63}$/;
const POOL_NAME = /^[\w.-]+$/;

/**
 * Makes a package of tools that works as it is.
 * @returns its directory
 * @throws OperatorError that names what is wrong; then nothing was written
 */
export async function createPackage(options: CreateOptions): Promise<string> {
  const directory = resolve(options.directory);
  const { name = basename(directory), tool = 'greet', pool = name, link } = options;
  check('name', name, PACKAGE_NAME, 'lower-case letters, digits, ".", "_" and "-"');
  check('tool', tool, TOOL_NAME, 'a letter, then letters, digits, ".", "_" and "-"');
  check('pool', pool, POOL_NAME, 'letters, digits, ".", "_" and "-"');
  await checkEmpty(directory);
  const modules = link === undefined ? undefined : await modulesOf(resolve(link));
  await mkdir(directory, { recursive: true });
  await cp(TEMPLATE, directory, { recursive: true });
  await fillIn(directory, { name, tool, pool });
  if (modules !== undefined) await symlink(relative(directory, modules), join(directory, 'node_modules'));
  return directory;
}

function check(option: string, value: string, pattern: RegExp, expected: string): void {
  if (!pattern.test(value)) throw new OperatorError(`--${option}: "${value}" — expected ${expected}`);
}

async function checkEmpty(directory: string): Promise<void> {
  try {
    const files = await readdir(directory);
    if (files.length > 0) throw new OperatorError(`${directory} is not empty`);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code === 'ENOTDIR') throw new OperatorError(`${directory} is a file`, { cause });
    throw cause;
  }
}

async function modulesOf(checkout: string): Promise<string> {
  const modules = join(checkout, 'node_modules');
  try {
    await readFile(join(modules, '@millrace/toolkit/package.json'));
    return modules;
  } catch (cause) {
    throw new OperatorError(`--link: ${checkout} — expected a checkout of Millrace, after npm ci`, { cause });
  }
}

async function fillIn(directory: string, { name, tool, pool }: Record<'name' | 'tool' | 'pool', string>) {
  for (const [from, to] of Object.entries(RENAMED)) await rename(join(directory, from), join(directory, to));
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((file) =>
    file.isFile(),
  );
  for (const file of files) {
    const path = join(file.parentPath, file.name);
    const text = await readFile(path, 'utf8');
    const filled = file.name.endsWith('.ts')
      ? renameTool(text, tool)
      : text.replaceAll(/\bgreet\b(?!\.)/g, tool);
    await writeFile(path, filled.replaceAll('my-tools', name).replaceAll('my-pool', pool));
  }
}

/** The names of files and variables stay: a tool may be called what no variable can. */
function renameTool(text: string, tool: string): string {
  return text.replaceAll("name: 'greet'", `name: '${tool}'`);
}
