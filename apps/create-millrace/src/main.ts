#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { OperatorError } from '@millrace/service';
import { createPackage } from './create-package.ts';

const USAGE = `Usage: npm create millrace [DIRECTORY] [-- --name NAME --tool NAME --pool POOL --link CHECKOUT]

Makes a package of tools: plugin, test, Dockerfile and the settings of its pool. Without a directory it asks for one.

  --name NAME      of the package and its plugin (that of the directory)
  --tool NAME      of the first tool (greet)
  --pool POOL      whose workers run it (the name of the package)
  --link CHECKOUT  use the packages of a checkout of Millrace instead of installing them; when this program is part
                   of a checkout, it does so by itself for directories outside of it
`;

/** The checkout that this program is part of; undefined when it was installed. */
const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url));
const own = existsSync(resolve(CHECKOUT, 'libs/toolkit/package.json')) ? CHECKOUT : undefined;

const text = { type: 'string' } as const;
const OPTIONS = { name: text, tool: text, pool: text, link: text, help: { type: 'boolean' } } as const;

function parse() {
  try {
    return parseArgs({ args: process.argv.slice(2), options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    throw new OperatorError(`${(cause as Error).message}\n\n${USAGE}`, { cause });
  }
}

async function ask(): Promise<string> {
  if (!process.stdin.isTTY) throw new OperatorError(`expected a directory\n\n${USAGE}`);
  const questions = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await questions.question('Where to? (my-tools) ');
  questions.close();
  return answer.trim() || 'my-tools';
}

/** A directory within the checkout finds its packages by itself. */
function linkFor(directory: string, given: string | undefined): string | undefined {
  if (given !== undefined || own === undefined) return given;
  return relative(own, resolve(directory)).startsWith('..') ? own : undefined;
}

async function main(): Promise<void> {
  const { values, positionals } = parse();
  if (values.help) return void process.stdout.write(USAGE);
  if (positionals.length > 1) throw new OperatorError(`expected one directory\n\n${USAGE}`);
  const { name, tool, pool, link } = values;
  const directory = positionals[0] ?? (await ask());
  const checkout = linkFor(directory, link);
  const made = await createPackage({
    directory,
    ...(name !== undefined && { name }),
    ...(tool !== undefined && { tool }),
    ...(pool !== undefined && { pool }),
    ...(checkout !== undefined && { link: checkout }),
  });
  const install = checkout === undefined && own === undefined ? 'npm install && ' : '';
  process.stdout.write(
    `Made ${made}\n\n  cd ${relative(process.cwd(), made) || '.'} && ${install}npm test\n  npm run dev\n`,
  );
}

try {
  await main();
} catch (error) {
  if (!(error instanceof OperatorError)) throw error;
  process.stderr.write(`create-millrace: ${error.message}\n`);
  process.exitCode = 2;
}
