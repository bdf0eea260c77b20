import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** One setting, as its schema says it. */
export interface Setting {
  readonly variable: string;
  /** The schema, in one line. */
  readonly schema: string;
  /** Its docstring. */
  readonly text: string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const WELL_KNOWN: Readonly<Record<string, string>> = { redisUrl: 'REDIS_URL' };

/** The settings of a program, from the object that its `config.ts` gives to `z.object`; sorted by variable. */
export function settingsOf(path: string): Setting[] {
  const file = parse(path);
  const schema = find(
    file,
    (node): node is ts.CallExpression =>
      ts.isCallExpression(node) && /^z\s*\.(strict|loose)?[oO]bject$/.test(node.expression.getText()),
  );
  const [shape] = schema?.arguments ?? [];
  if (!shape || !ts.isObjectLiteralExpression(shape)) throw new Error(`${path}: there is no z.object({ … })`);
  return membersOf(shape, file).sort((a, b) => (a.variable < b.variable ? -1 : 1));
}

function membersOf(shape: ts.ObjectLiteralExpression, file: ts.SourceFile): Setting[] {
  return shape.properties.flatMap((property) => {
    if (ts.isSpreadAssignment(property)) return spreadOf(property.expression.getText(), file);
    const name = property.name?.getText() ?? '';
    const value = ts.isPropertyAssignment(property) ? property.initializer.getText() : name;
    return [{ variable: variableOf(name), schema: oneLine(value), text: docOf(property, file) }];
  });
}

/** Settings that several programs share come from another package, by name. */
function spreadOf(name: string, file: ts.SourceFile): Setting[] {
  const from = declarationOf(name, file);
  if (!from) throw new Error(`${file.fileName}: ...${name} was not found`);
  return membersOf(from.shape, from.file);
}

interface Declared {
  readonly shape: ts.ObjectLiteralExpression;
  readonly file: ts.SourceFile;
}

function declarationOf(name: string, file: ts.SourceFile): Declared | undefined {
  for (const statement of file.statements) {
    const shape = shapeIn(statement, name);
    if (shape) return { shape, file };
    const module = moduleOf(statement, name);
    if (module !== undefined) return declarationOf(name, parse(resolveModule(file.fileName, module)));
  }
  return undefined;
}

function shapeIn(statement: ts.Statement, name: string): ts.ObjectLiteralExpression | undefined {
  if (!ts.isVariableStatement(statement)) return undefined;
  const declaration = statement.declarationList.declarations.find((one) => one.name.getText() === name);
  return declaration && find(declaration, ts.isObjectLiteralExpression);
}

/** Where a file has the name from, by import or re-export. */
function moduleOf(statement: ts.Statement, name: string): string | undefined {
  if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return undefined;
  const clause = ts.isImportDeclaration(statement)
    ? statement.importClause?.namedBindings
    : statement.exportClause;
  if (!clause || !('elements' in clause)) return undefined;
  const has = clause.elements.some((element) => element.name.text === name);
  return has ? (statement.moduleSpecifier as ts.StringLiteral).text : undefined;
}

function resolveModule(importer: string, specifier: string): string {
  if (specifier.startsWith('.')) return join(dirname(importer), specifier);
  return join(ROOT, 'libs', specifier.replace('@millrace/', ''), 'src/index.ts');
}

function find<T extends ts.Node>(node: ts.Node, is: (node: ts.Node) => node is T): T | undefined {
  if (is(node)) return node;
  return ts.forEachChild(node, (child) => find(child, is));
}

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
}

function variableOf(field: string): string {
  return WELL_KNOWN[field] ?? `MILLRACE_${field.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()}`;
}

function docOf(node: ts.Node, file: ts.SourceFile): string {
  const [range] = ts.getLeadingCommentRanges(file.text, node.getFullStart()) ?? [];
  if (!range) return '';
  const text = file.text.slice(range.pos, range.end);
  return oneLine(text.replaceAll(/^\/\*\*?|\*\/$|^\/\/|^\s*\* ?/gm, '')).replaceAll('|', '\\|');
}

function oneLine(text: string): string {
  return text
    .replaceAll(/\s*\n\s*(?=\.)/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
