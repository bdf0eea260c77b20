import type { z } from 'zod';
import { describeSchema } from './config-expectation.ts';

/** A setting as the user wrote it: by which name, and what. */
export interface Given {
  readonly name: string;
  /** The text of a variable, as written. */
  readonly text?: string;
  readonly value: unknown;
}

type Issue = z.core.$ZodIssue;

/** How zod's own messages begin; any other was written by the author of the schema, who knows best. */
const DEFAULT_MESSAGE = /^(Invalid|Too small|Too big|Unrecognized)/;

/** One line for one problem: the field as the user wrote it, the value, and what was expected. */
export function explainIssue(issue: Issue, schema: z.ZodObject, lookUp: (field: string) => Given): string {
  const fields = [...new Set(issue.path.map(String).filter((key) => Object.hasOwn(schema.shape, key)))];
  const subjects = fields.map((field) => `${lookUp(field).name}: ${show(field, lookUp(field))}`);
  const expected = expectedOf(issue, fields[0] === undefined ? schema : schema.shape[fields[0]]);
  return [subjects.join(', '), nameFields(expected, schema, lookUp)].filter(Boolean).join(' — ');
}

function expectedOf(issue: Issue, schema: unknown): string {
  if (!DEFAULT_MESSAGE.test(issue.message)) return issue.message.replace(/^(?!expected|must)/, 'expected ');
  const inside = issue.path.slice(1).filter((key) => typeof key === 'string');
  const place = inside.length === 0 ? '' : ` (at ${inside.join('.')}: ${issue.message})`;
  return `expected ${describeSchema(schema)}${place}`;
}

/** A rule across fields speaks of them as the schema does; the user knows them by what he wrote. */
function nameFields(message: string, schema: z.ZodObject, lookUp: (field: string) => Given): string {
  return message.replaceAll(/[a-z]+[A-Z]\w*/g, (word) =>
    Object.hasOwn(schema.shape, word) ? lookUp(word).name : word,
  );
}

function show(field: string, { text, value }: Given): string {
  if (value === undefined) return 'not set';
  if (/secret|token|password|key$|upstreams/i.test(field)) return '(hidden)';
  // A URL may hold a password.
  return JSON.stringify(text ?? value).replaceAll(/\/\/[^/@\s"]+@/g, '//***@');
}
