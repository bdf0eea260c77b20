import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type TestCluster, testCluster } from '@millrace/toolkit/testing';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { COMMANDS } from '../../apps/cli/src/commands.ts';
import { type Fence, fencesOf } from './fences.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const documents = globSync('{README.md,docs/**/*.md,{apps,libs}/*/README.md}', { cwd: ROOT });

interface Snippet extends Fence {
  readonly document: string;
  /** What follows it, when that is what it prints. */
  readonly output?: string;
}

const snippets = documents.flatMap((document): Snippet[] => {
  const fences = fencesOf(readFileSync(join(ROOT, document), 'utf8'));
  return fences.map((fence, at) => {
    const next = fences[at + 1];
    const shows = next?.language === 'text' && next.words.includes('output');
    return { ...fence, document, ...(shows && { output: next.text }) };
  });
});

const of = (...languages: readonly string[]) =>
  snippets
    .filter(({ language }) => languages.includes(language))
    .map((one) => [`${one.document}:${one.line}`, one] as const);

/** The settings that there are, from the tables that tests compare with the schemas. */
const settings = new Set(
  documents.flatMap(
    (document) => readFileSync(join(ROOT, document), 'utf8').match(/^\| `MILLRACE_\w+/gm) ?? [],
  ),
);
const OTHER_SETTINGS = ['MILLRACE_WORKER_ADMIN_PORT', 'MILLRACE_API_KEY', 'MILLRACE_URL'];
const SCRIPTS = ['package.json', 'apps/create-millrace/template/package.json'].flatMap(scriptsOf);

test('there are snippets', () => {
  expect(of('sh').length).toBeGreaterThan(10);
  expect(of('ts').length).toBeGreaterThan(10);
});

test.each(of('json'))('%s is JSON', (_, { text }) => {
  expect(() => JSON.parse(text)).not.toThrow();
});

test.each(of('yaml'))('%s is YAML', (_, { text }) => {
  expect(parseAllDocuments(text).flatMap(({ errors }) => errors)).toEqual([]);
});

/** Whether it is a module, or members of an object, such as the policies of a tool. */
test.each(of('ts'))('%s is TypeScript', (_, { text }) => {
  const asModule = mistakesIn(text);
  if (asModule.length > 0) expect([asModule, mistakesIn(`({${text}})`)]).toContainEqual([]);
});

function mistakesIn(text: string): unknown[] {
  const { diagnostics = [] } = ts.transpileModule(text, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext },
  });
  return diagnostics.map(({ messageText }) => messageText);
}

/** Those that are whole modules. What is only a part of one cannot be run. */
const modules = of('ts').filter(
  ([, { text, values }]) => /^import /m.test(text) && values['file'] === undefined,
);

describe('whole modules run', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    const plugins = [join(ROOT, 'apps/example-database/src/index.ts')];
    cluster = await testCluster({ plugins, env: { MILLRACE_PREFIX: 'millrace' } });
  });
  afterAll(() => cluster.stop());

  test.concurrent.each(modules)('%s', { timeout: 60_000 }, async (_, { text, output }) => {
    const printed = await runModule(atCluster(text, cluster));
    expect(printed).toEqual({ code: 0, stdout: output ?? printed.stdout, stderr: '' });
  });
});

/** Whatever addresses of front doors and Redis a document gives. */
function atCluster(text: string, { url, redisUrl }: TestCluster): string {
  return text
    .replaceAll(/(?<=(?:http|ws):\/\/)[\w.-]+:8080/g, new URL(url).host)
    .replaceAll(/redis:\/\/[\w.-]+:6379/g, redisUrl);
}

describe('commands', () => {
  test.each(of('sh'))('%s names what there is', (_, { text }) => {
    expect([
      ...unknownOptions(text),
      ...unknown(text, /\b(MILLRACE_[A-Z_]+)\b/g, isSetting),
      ...unknown(text, /\bnode ((?:apps|test)\/\S+)/g, (path) => existsSync(join(ROOT, path))),
      ...unknown(text, /\bnpm run (?:-s )?([\w:-]+)/g, (script) => SCRIPTS.includes(script)),
    ]).toEqual([]);
  });
});

function unknown(text: string, pattern: RegExp, isKnown: (name: string) => boolean): string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name).filter((name) => !isKnown(name));
}

/** Options that the commands do not have; where `helm` is called, `millrace` is the name of a release. */
function unknownOptions(text: string): string[] {
  if (/\bhelm\b/.test(text)) return [];
  return [...text.matchAll(/\bmillrace ([a-z-]+)([^\n|>#]*)/g)].flatMap(([, name, rest = '']) => {
    const { options } = COMMANDS.find((one) => one.name === name) ?? {};
    return options ? unknown(rest, / --([a-z-]+)/g, (option) => Object.hasOwn(options, option)) : [];
  });
}

function isSetting(variable: string): boolean {
  const name = variable.replace(/_FILE$/, '');
  return [variable, name].some((one) => settings.has(`| \`${one}`) || OTHER_SETTINGS.includes(one));
}

function scriptsOf(manifest: string): string[] {
  return Object.keys(JSON.parse(readFileSync(join(ROOT, manifest), 'utf8')).scripts);
}

/** Runs a module in a process of its own, at the top of the checkout. */
async function runModule(text: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-snippet-'));
  try {
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const file = join(folder, 'snippet.ts');
    await writeFile(file, text);
    const child = spawn(process.execPath, [file], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] },
    });
    const printed = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (part: string) => {
        printed[name] += part;
      });
    }
    const [code] = await once(child, 'close');
    return { code, ...printed };
  } finally {
    await rm(folder, { recursive: true });
  }
}
