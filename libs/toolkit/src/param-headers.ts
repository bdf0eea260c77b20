import { isJsonObject, type JsonObject } from '@millrace/protocol';

/** Marks a property whose value clients repeat in the HTTP header `Mcp-Param-<name>` (2026-07-28, "x-mcp-header"). */
const KEY = 'x-mcp-header';

/** A token of RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const TYPES = new Set<unknown>(['string', 'integer', 'boolean']);

/** A schema inside the input schema. */
interface Place {
  readonly schema: JsonObject;
  readonly path: readonly string[];
  /** Whether only `properties` lead to it, so that clients find its value. */
  readonly reachable: boolean;
}

/**
 * Refuses an input schema whose `x-mcp-header` marks clients would refuse.
 * @param what names the schema in the error, such as `Tool create_user, input`
 */
export function checkParamHeaders(inputSchema: unknown, what: string): void {
  const taken = new Map<string, string>();
  for (const place of placesIn(inputSchema, [], true)) {
    if (!(KEY in place.schema)) continue;
    const name = place.schema[KEY];
    const field = place.path.join('.');
    const reason = whyRefused(name, place, taken);
    if (reason !== undefined) {
      throw new Error(`${what}${field && `, field ${field}`}: ${KEY} ${JSON.stringify(name)} ${reason}`);
    }
    taken.set(String(name).toLowerCase(), field);
  }
}

function whyRefused(
  name: unknown,
  { schema, path, reachable }: Place,
  taken: ReadonlyMap<string, string>,
): string | undefined {
  if (!reachable || path.length === 0) return 'may only mark a property that "properties" alone lead to';
  if (typeof name !== 'string' || !TOKEN.test(name)) {
    return 'is no name for a header: only letters, digits and the characters of a token may stand in it';
  }
  if (!TYPES.has(schema['type'])) return 'may only mark a string, an integer or a boolean';
  const other = taken.get(name.toLowerCase());
  return other === undefined
    ? undefined
    : `is taken by the field ${other}, upper and lower case being the same`;
}

/** The schema and all schemas inside it. */
function* placesIn(schema: unknown, path: readonly string[], reachable: boolean): Generator<Place> {
  if (!isJsonObject(schema)) return;
  yield { schema, path, reachable };
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'properties') yield* placesInAll(value, path, reachable);
    else if (NAMED.has(keyword) || LISTS.has(keyword)) yield* placesInAll(value, [...path, keyword], false);
    else if (NESTED.has(keyword)) yield* placesIn(value, [...path, keyword], false);
  }
}

function* placesInAll(schemas: unknown, path: readonly string[], reachable: boolean): Generator<Place> {
  for (const [name, schema] of Object.entries(schemas ?? {})) {
    yield* placesIn(schema, [...path, name], reachable);
  }
}

/** Keywords of JSON Schema that hold a list of schemas. */
const LISTS = new Set(['prefixItems', 'oneOf', 'anyOf', 'allOf']);

/** Keywords of JSON Schema that hold one schema. */
const NESTED = new Set([
  'items',
  'contains',
  'additionalProperties',
  'unevaluatedProperties',
  'unevaluatedItems',
  'propertyNames',
  'not',
  'if',
  'then',
  'else',
]);

/** Keywords of JSON Schema that hold schemas by names. */
const NAMED = new Set(['patternProperties', 'dependentSchemas', '$defs', 'definitions']);
