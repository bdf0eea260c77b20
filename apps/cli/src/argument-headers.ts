import { isJsonObject, type JsonObject } from '@millrace/protocol';

/** An argument that must be repeated in a header of the request. */
interface Declaration {
  readonly header: string;
  readonly path: readonly string[];
}

/** What may stand in a header as it is. */
const PLAIN = /^(?!=\?base64\?)[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * The `Mcp-Param-…` headers of tool calls over HTTP in revision 2026-07-28, learnt from the lists of tools that pass
 * by: a client that speaks through a pipe knows nothing of headers.
 */
export class ArgumentHeaders {
  readonly #byTool = new Map<string, readonly Declaration[]>();

  /** @param result of `tools/list` */
  learn(result: unknown): void {
    const tools = isJsonObject(result) ? result['tools'] : undefined;
    for (const tool of Array.isArray(tools) ? tools : []) {
      if (isJsonObject(tool)) this.#byTool.set(String(tool['name']), declarationsOf(tool['inputSchema']));
    }
  }

  /** @param params of `tools/call` */
  of(params: JsonObject): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const { header, path } of this.#byTool.get(String(params['name'])) ?? []) {
      const value = path.reduce<unknown>(
        (at, key) => (isJsonObject(at) ? at[key] : undefined),
        params['arguments'],
      );
      if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
        headers[header] = encode(String(value));
    }
    return headers;
  }
}

function declarationsOf(schema: unknown, path: readonly string[] = []): Declaration[] {
  const properties = isJsonObject(schema) ? schema['properties'] : undefined;
  if (!isJsonObject(properties)) return [];
  return Object.entries(properties).flatMap(([key, property]) => {
    const here = [...path, key];
    const name = isJsonObject(property) ? property['x-mcp-header'] : undefined;
    const below = declarationsOf(property, here);
    return typeof name === 'string' ? [{ header: `Mcp-Param-${name}`, path: here }, ...below] : below;
  });
}

function encode(value: string): string {
  return PLAIN.test(value) ? value : `=?base64?${Buffer.from(value).toString('base64')}?=`;
}
