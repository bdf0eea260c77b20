import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { explainIssue, type Given } from './config-problem.ts';
import { parseText } from './config-text.ts';
import { ConfigError } from './operator-error.ts';

/** Where settings come from; the environment wins over the file. */
export interface ConfigSource {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Path of a JSON file; unless given, the variable `MILLRACE_CONFIG` names it. */
  readonly file?: string;
  /** The file's section for this program (`{ "redisUrl": "…", "worker": { … } }`); it wins over the keys outside. */
  readonly section?: Section;
  /** Leaves alone the keys of the file that the schema does not know: another program checks them. */
  readonly ignoreUnknown?: boolean;
}

/** The programs that may share one file. */
const SECTIONS = ['frontDoor', 'worker'] as const;
type Section = (typeof SECTIONS)[number];

/** Variables that a setting is known by in the whole trade; `MILLRACE_…` works for them too, and wins. */
const WELL_KNOWN: Readonly<Record<string, string>> = {
  redisUrl: 'REDIS_URL',
  databaseUrl: 'DATABASE_URL',
  traceEndpoint: 'OTEL_EXPORTER_OTLP_ENDPOINT',
};

/**
 * Reads and checks the settings of a process. The field `httpPort` comes from `MILLRACE_HTTP_PORT`, or
 * from `httpPort` in the file. In a variable a list is comma-separated and an object is JSON; empty means not set.
 * `MILLRACE_HTTP_PORT_FILE` may name a file that holds the value instead, as secrets are often given.
 * @returns the settings, defaults filled in, frozen through and through
 * @throws ConfigError with one line per problem
 */
export function loadConfig<T>(schema: z.ZodObject & z.ZodType<T>, source: ConfigSource): T {
  const file = source.file ?? source.env['MILLRACE_CONFIG'];
  const given = new Map<string, Given>();
  if (file) readFile(schema, file, source, given);
  for (const field of Object.keys(schema.shape)) {
    const found = fromEnvironment(field, source.env) ?? fromNamedFile(field, source.env);
    if (found) given.set(field, { ...found, value: parseText(schema.shape[field], found.text) });
  }
  return check(schema, given);
}

function fromEnvironment(
  field: string,
  env: ConfigSource['env'],
): { name: string; text: string } | undefined {
  for (const name of variablesOf(field)) {
    const text = env[name];
    if (text) return { name, text };
  }
  return undefined;
}

/** A variable that ends in `_FILE` names a file that holds the value: for secrets, which are mounted as files. */
function fromNamedFile(field: string, env: ConfigSource['env']): { name: string; text: string } | undefined {
  for (const variable of variablesOf(field)) {
    const name = `${variable}_FILE`;
    const path = env[name];
    if (!path) continue;
    try {
      return { name, text: readFileSync(path, 'utf8').trimEnd() };
    } catch (cause) {
      throw new ConfigError(`${name}: cannot read ${path}: ${(cause as Error).message}`, { cause });
    }
  }
  return undefined;
}

function variablesOf(field: string): string[] {
  const known = WELL_KNOWN[field];
  const name = `MILLRACE_${field.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()}`;
  return known ? [name, known] : [name];
}

/** The variable to tell a user about, for a field that nobody set. */
function variableOf(field: string): string {
  return WELL_KNOWN[field] ?? variablesOf(field)[0] ?? field;
}

function readFile(
  schema: z.ZodObject,
  file: string,
  { section, ignoreUnknown = false }: ConfigSource,
  given: Map<string, Given>,
): void {
  const content = parseFile(file);
  const own = section === undefined ? undefined : content[section];
  if (own !== undefined && !isRecord(own)) throw new ConfigError(`${file}: ${section} — expected an object`);
  const shared = Object.entries(content).filter(
    ([key]) => section === undefined || !SECTIONS.some((name) => name === key),
  );
  const entries = [...shared, ...Object.entries(own ?? {})];
  if (!ignoreUnknown) refuseUnknown(schema, file, entries);
  for (const [key, value] of entries) given.set(key, { name: `${key} in ${file}`, value });
}

function parseFile(file: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new ConfigError(`MILLRACE_CONFIG: cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
  if (!isRecord(content)) throw new ConfigError(`MILLRACE_CONFIG: ${file} — expected a JSON object`);
  return content;
}

function refuseUnknown(schema: z.ZodObject, file: string, entries: [string, unknown][]): void {
  const known = Object.keys(schema.shape);
  const unknown = entries.map(([key]) => key).filter((key) => !known.includes(key));
  if (unknown.length === 0) return;
  const expected = `expected one of ${known.toSorted().join(', ')}`;
  throw new ConfigError(unknown.map((key) => `${key} in ${file}: unknown key — ${expected}`).join('\n'));
}

function check<T>(schema: z.ZodObject & z.ZodType<T>, given: Map<string, Given>): T {
  const values = Object.fromEntries([...given].map(([field, { value }]) => [field, value]));
  const parsed = (schema as z.ZodType<T>).safeParse(values);
  if (parsed.success) return deepFreeze(parsed.data);
  const lookUp = (field: string): Given => given.get(field) ?? { name: variableOf(field), value: undefined };
  const lines = parsed.error.issues.map((issue) => explainIssue(issue, schema, lookUp));
  throw new ConfigError([...new Set(lines)].join('\n'), { cause: parsed.error });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Plain objects and lists only: a value that a schema turned into a class instance stays as it is. */
function deepFreeze<T>(value: T): T {
  if (!Array.isArray(value) && Object.prototype.toString.call(value) !== '[object Object]') return value;
  for (const inner of Object.values(value as object)) deepFreeze(inner);
  return Object.freeze(value);
}
