import type { IncomingHttpHeaders } from 'node:http';
import { isJsonObject, type JsonObject } from '@millrace/protocol';
import { decodeHeader, headerOf, mismatch } from './headers.ts';

/** An argument that a client must repeat in a header, as the tool's `x-mcp-header` says. */
export interface ParamHeader {
  /** `Mcp-Param-…`, as it is shown. */
  readonly name: string;
  /** Where the argument is. */
  readonly path: readonly string[];
  readonly type: unknown;
}

const DECIMAL = /^-?\d+(\.\d+)?$/;

/** @returns the declarations of a tool's input schema; the worker checked them when it registered the tool */
export function paramHeadersOf(inputSchema: unknown, path: readonly string[] = []): ParamHeader[] {
  const properties = isJsonObject(inputSchema) ? inputSchema['properties'] : undefined;
  if (!isJsonObject(properties)) return [];
  return Object.entries(properties).flatMap(([key, schema]) => {
    const here = [...path, key];
    const header = isJsonObject(schema) ? schema['x-mcp-header'] : undefined;
    const below = paramHeadersOf(schema, here);
    if (typeof header !== 'string' || !isJsonObject(schema)) return below;
    return [{ name: `Mcp-Param-${header}`, path: here, type: schema['type'] }, ...below];
  });
}

/**
 * Checks that the headers agree with the arguments.
 *
 * @throws MillraceError `header_mismatch`
 */
export function checkParamHeaders(
  declared: readonly ParamHeader[],
  headers: IncomingHttpHeaders,
  args: unknown,
): void {
  for (const header of declared) {
    const value = valueAt(args, header.path);
    const text = textOf(value);
    // What is missing, or of another type, is for the validation of the arguments to say.
    if (text !== undefined)
      checkOne(header, headerOf(headers, header.name.toLowerCase())?.trim(), text, value);
  }
}

function checkOne(
  { name, path, type }: ParamHeader,
  header: string | undefined,
  text: string,
  value: unknown,
) {
  const argument = path.join('.');
  if (header === undefined) throw mismatch(name, `missing, though the body has ${argument}`);
  const decoded = decodeHeader(header);
  if (decoded === undefined) throw mismatch(name, 'not valid Base64');
  const numeric =
    (type === 'integer' || type === 'number') && typeof value === 'number' && DECIMAL.test(decoded);
  const equal = numeric ? Number(decoded) === value : decoded === text;
  if (!equal) throw mismatch(name, `${JSON.stringify(decoded)} is not what the body has as ${argument}`);
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  let value: unknown = root;
  for (const key of path) value = isJsonObject(value) ? (value as JsonObject)[key] : undefined;
  return value;
}

function textOf(value: unknown): string | undefined {
  const simple = typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
  return simple ? String(value) : undefined;
}
