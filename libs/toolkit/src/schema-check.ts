import { createContext, Script } from 'node:vm';
import type { JsonObject } from '@millrace/protocol';
import { Ajv } from 'ajv';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { isPathBelow, PATH_FORMAT } from './path-param.ts';
import type { Issue } from './schema.ts';

/** Characters of a schema at most, as JSON. */
const MAX_SCHEMA_LENGTH = 262_144;

/** Objects and arrays within each other, in a schema. */
const MAX_SCHEMA_DEPTH = 64;

/** How long making a check of a schema may take, in milliseconds. */
const COMPILE_MS = 2_000;

/** How long one check may take, in milliseconds. */
const CHECK_MS = 100;

/** Keywords whose check can take much longer than reading the value: repetition, comparison, recursion. */
const SLOW = new Set(['pattern', 'patternProperties', 'uniqueItems', '$ref', '$dynamicRef', 'contains']);

/** Keywords whose value is a reference. */
const REFERENCES = new Set(['$ref', '$dynamicRef']);

/** What the official SDK of the first line writes. */
const DRAFT_07 = /^https?:\/\/json-schema\.org\/draft-0[67]\/schema#?$/;

const OPTIONS = { strict: false, logger: false, formats: { [PATH_FORMAT]: isPathBelow } } as const;

/**
 * Checks values by a JSON Schema 2020-12 that somebody else wrote. Neither a value nor the schema can keep the process
 * busy: what takes too long is refused.
 */
export class SchemaCheck {
  readonly #schema: JsonObject;
  readonly #what: string;
  readonly #isSlow: boolean;
  #validate: ValidateFunction | undefined;

  /**
   * @param what names the schema in errors, such as `Tool resize, input`
   * @throws Error when it is too large, or refers to something outside of itself
   */
  constructor(schema: JsonObject, what: string) {
    this.#schema = schema;
    this.#what = what;
    this.#isSlow = inspect(schema, what);
  }

  /**
   * @returns what is wrong, nothing when the value is as the schema says
   * @throws Error when the schema is none
   */
  issuesOf(value: unknown): readonly Issue[] {
    // Most tools of a large server are never called, so each is compiled when it is.
    this.#validate ??= withinTime(COMPILE_MS, () => this.#compile());
    const validate = this.#validate;
    try {
      const valid = this.#isSlow ? withinTime(CHECK_MS, () => validate(value)) : validate(value);
      return valid ? [] : (validate.errors ?? []).map(toIssue);
    } catch (error) {
      if (isTimeout(error)) return [{ path: '', message: `could not be checked within ${CHECK_MS} ms` }];
      if (error instanceof RangeError)
        return [{ path: '', message: 'could not be checked: the schema never ends' }];
      throw error;
    }
  }

  #compile(): ValidateFunction {
    try {
      const { $schema, ...schema } = this.#schema;
      const Dialect = typeof $schema === 'string' && DRAFT_07.test($schema) ? Ajv : Ajv2020;
      // One instance for each schema: they may use the same ids. Nothing is ever loaded.
      return new Dialect(OPTIONS).compile(schema);
    } catch (cause) {
      throw new Error(`${this.#what}: the schema cannot be used: ${(cause as Error).message}`, { cause });
    }
  }
}

/** @returns whether a check may take long */
function inspect(schema: JsonObject, what: string): boolean {
  const slow = look(schema, what, 1);
  const { length } = JSON.stringify(schema);
  if (length > MAX_SCHEMA_LENGTH)
    throw new Error(`${what}: the schema has ${length} characters, more than ${MAX_SCHEMA_LENGTH}`);
  return slow;
}

function look(value: unknown, what: string, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth > MAX_SCHEMA_DEPTH)
    throw new Error(`${what}: the schema is deeper than ${MAX_SCHEMA_DEPTH} levels`);
  let slow = false;
  for (const [key, member] of Object.entries(value)) {
    if (REFERENCES.has(key)) checkReference(member, what);
    if (look(member, what, depth + 1) || SLOW.has(key)) slow = true;
  }
  return slow;
}

function checkReference(target: unknown, what: string): void {
  if (typeof target !== 'string' || target.startsWith('#')) return;
  throw new Error(`${what}: $ref ${target} leads out of the schema, and nothing is loaded from elsewhere`);
}

function toIssue({ instancePath, message = 'is wrong', keyword, params }: ErrorObject): Issue {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (keyword === 'required') path.push(String(params['missingProperty']));
  return { path: path.join('.'), message: keyword === 'required' ? 'is missing' : message };
}

/** Where a function is run that must end in time; only code that runs in a script of its own can be cut off. */
const context = createContext({ run: (): unknown => undefined });
const script = new Script('run()');

/** @throws Error with the code `ERR_SCRIPT_EXECUTION_TIMEOUT` */
function withinTime<T>(timeout: number, run: () => T): T {
  context['run'] = run;
  return script.runInContext(context, { timeout }) as T;
}

function isTimeout(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
