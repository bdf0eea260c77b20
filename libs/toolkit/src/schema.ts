import { type JsonObject, MillraceError } from '@millrace/protocol';
import { z } from 'zod';

/** A zod object of any members, strict, loose or neither. */
export type ObjectSchema = z.ZodObject<z.core.$ZodLooseShape, z.core.$ZodObjectConfig>;

export interface Issue {
  readonly path: string;
  readonly message: string;
}

/**
 * The JSON Schema 2020-12 of a zod object.
 * @param what names the schema in the error when a field has no JSON Schema, such as `Tool create_user, input`
 */
export function toWireSchema(schema: ObjectSchema, io: 'input' | 'output', what: string): JsonObject {
  if (!(schema instanceof z.ZodObject)) throw new Error(`${what}: the schema must be a z.object(…)`);
  const refuse = (field: string, message: string, cause?: unknown): never => {
    throw new Error(`${what}${field && `, field ${field}`}: ${message}`, { cause });
  };
  return z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    unrepresentable: ({ path, message }) => refuse(fieldOf(path), message),
  });
}

/** `['properties', 'tags', 'items']`, a place in a JSON Schema, is the field `tags`. */
function fieldOf(path: readonly (string | number)[]): string {
  return path.filter((_, at) => path[at - 1] === 'properties').join('.');
}

export type Checked<Schema extends ObjectSchema> =
  | { readonly ok: true; readonly value: z.output<Schema> }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** Checks a value at once where the schema can, and waits only for schemas with asynchronous refinements. */
export function check<Schema extends ObjectSchema>(
  schema: Schema,
  value: unknown,
): Checked<Schema> | Promise<Checked<Schema>> {
  try {
    return toChecked(schema.safeParse(value));
  } catch (error) {
    if (!(error instanceof z.core.$ZodAsyncError)) throw error;
    return schema.safeParseAsync(value).then(toChecked);
  }
}

function toChecked<Schema extends ObjectSchema>(
  result: z.ZodSafeParseResult<z.output<Schema>>,
): Checked<Schema> {
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, issues: result.error.issues.map(toIssue) };
}

function toIssue({ path, message }: z.core.$ZodIssue): Issue {
  return { path: path.join('.'), message: message.replace(/^Invalid input: /, '') };
}

/** All issues in one line, each after the field that it is about. */
export function describeIssues(issues: readonly Issue[]): string {
  return issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
}

/**
 * The arguments of a call, as its schema makes them; missing ones are an empty object.
 * Throws `invalid_params`, which names each wrong field.
 * @param what names what is called in the error, such as `tool create_user`
 */
export async function checkArguments<Schema extends ObjectSchema>(
  schema: Schema,
  value: unknown,
  what: string,
): Promise<z.output<Schema>> {
  const found = check(schema, value ?? {});
  const checked = found instanceof Promise ? await found : found;
  if (checked.ok) return checked.value;
  throw new MillraceError(
    'invalid_params',
    `Invalid arguments for ${what}: ${describeIssues(checked.issues)}`,
    { details: { issues: checked.issues } },
  );
}
