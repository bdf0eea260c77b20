import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { COMMANDS } from '../../apps/cli/src/commands.ts';
import { helpOfCommand } from '../../apps/cli/src/help.ts';
import { settingsOf } from './settings.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The entrances of what others import, by how they import it. */
const ENTRANCES = {
  '@millrace/toolkit': 'libs/toolkit/src/index.ts',
  '@millrace/toolkit/testing': 'libs/toolkit/src/testing-kit/index.ts',
  '@millrace/client': 'libs/client/src/index.ts',
};

const PROGRAMS = { 'front door': 'apps/front-door/src/config.ts', worker: 'apps/worker/src/config.ts' };

const HEAD = `# Reference

<!-- Made by "npm run docs" from docstrings, schemas and the help of the commands: do not edit. -->
`;

/** The text of docs/reference.md. */
export function reference(): string {
  const parts = [
    HEAD,
    ...Object.entries(ENTRANCES).map(([name, path]) => exportsSection(name, path)),
    ...Object.entries(PROGRAMS).map(([name, path]) => settingsSection(name, path)),
    commandsSection(),
  ];
  return `${parts.join('\n').trimEnd()}\n`;
}

function exportsSection(name: string, path: string): string {
  const rows = exportsOf(path).map(({ symbol, kind, text }) => `| \`${symbol}\` | ${kind} | ${text} |`);
  return [`## ${name}`, '', '| export | kind | what it is |', '|---|---|---|', ...rows, ''].join('\n');
}

interface Exported {
  readonly symbol: string;
  readonly kind: string;
  readonly text: string;
}

/** What an index.ts exports by name, with the docstring of its declaration. */
function exportsOf(path: string): Exported[] {
  const file = parse(join(ROOT, path));
  const found = file.statements.filter(ts.isExportDeclaration).flatMap((statement) => {
    const { exportClause, moduleSpecifier } = statement;
    if (!exportClause || !ts.isNamedExports(exportClause) || !moduleSpecifier) return [];
    const from = (moduleSpecifier as ts.StringLiteral).text;
    return exportClause.elements.map((element) => ({
      symbol: element.name.text,
      ...describe(resolveModule(file.fileName, from), (element.propertyName ?? element.name).text),
    }));
  });
  return found.sort((a, b) => a.symbol.localeCompare(b.symbol, 'en'));
}

const parsed = new Map<string, ts.SourceFile>();

function parse(path: string): ts.SourceFile {
  const known = parsed.get(path);
  if (known) return known;
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  parsed.set(path, file);
  return file;
}

/** Packages of ours are found at their own index. */
function resolveModule(importer: string, specifier: string): string {
  if (specifier.startsWith('.')) return join(dirname(importer), specifier);
  const own = /^@millrace\/([\w-]+)$/.exec(specifier)?.[1];
  return join(ROOT, 'libs', own ?? '', 'src/index.ts');
}

const KINDS: readonly (readonly [(node: ts.Node) => boolean, string])[] = [
  [ts.isFunctionDeclaration, 'function'],
  [ts.isClassDeclaration, 'class'],
  [ts.isInterfaceDeclaration, 'interface'],
  [ts.isTypeAliasDeclaration, 'type'],
  [ts.isVariableStatement, 'constant'],
];

/** Follows re-exports to the declaration. */
function describe(path: string, name: string): Omit<Exported, 'symbol'> {
  const file = parse(path);
  for (const statement of file.statements) {
    if (namesOf(statement).includes(name)) {
      const kind = KINDS.find(([is]) => is(statement))?.[1] ?? 'export';
      return { kind, text: docOf(statement) };
    }
    const from = reExport(statement, name);
    if (from) return describe(resolveModule(path, from.module), from.name);
  }
  throw new Error(`${relative(ROOT, path)} does not export ${name}`);
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  const { name } = statement as ts.Statement & { name?: ts.Identifier };
  return name ? [name.text] : [];
}

function reExport(statement: ts.Statement, name: string): { module: string; name: string } | undefined {
  if (!ts.isExportDeclaration(statement) || !statement.moduleSpecifier) return undefined;
  const { exportClause } = statement;
  if (!exportClause || !ts.isNamedExports(exportClause)) return undefined;
  const element = exportClause.elements.find((one) => one.name.text === name);
  const module = (statement.moduleSpecifier as ts.StringLiteral).text;
  return element && { module, name: (element.propertyName ?? element.name).text };
}

/** The first paragraph of a docstring and its tags, in one line. */
function docOf(node: ts.Node): string {
  const [doc] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  if (!doc) return '';
  const text = doc
    .getText()
    .replace(/^\/\*\*|\*\/$/g, '')
    .replaceAll(/^\s*\* ?/gm, '');
  const [first = '', ...others] = text.trim().split(/\n\s*\n|\n(?=@)/);
  const tags = others.filter((part) => part.startsWith('@'));
  return [first, ...tags].join(' ').replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').trim();
}

function settingsSection(name: string, path: string): string {
  const rows = settingsOf(join(ROOT, path)).map(
    ({ variable, schema, text }) => `| \`${variable}\` | \`${schema.replaceAll('|', '\\|')}\` | ${text} |`,
  );
  return [
    `## Settings of a ${name}`,
    '',
    'What each does stands in the README of the program; here are their schemas.',
    '',
    '| variable | schema | comment |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function commandsSection(): string {
  return [
    '## Commands',
    '',
    ...COMMANDS.flatMap((command) => ['```text', helpOfCommand(command).trimEnd(), '```', '']),
  ].join('\n');
}
