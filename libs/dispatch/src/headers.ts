import type { IncomingHttpHeaders } from 'node:http';
import { type JsonObject, MillraceError } from '@millrace/protocol';

/** Which member of `params` the `Mcp-Name` header repeats, by method. */
export const NAME_SOURCE: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

const SENTINEL = /^=\?base64\?((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)\?=$/;

/** The value of a header as text; of a repeated one the first. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/**
 * Checks the headers that a 2026-07-28 request must repeat from its body, so that proxies can route by them.
 *
 * @throws MillraceError `header_mismatch`
 */
export function checkStandardHeaders(headers: IncomingHttpHeaders, method: string, params: JsonObject): void {
  required(headers, 'mcp-protocol-version', 'MCP-Protocol-Version');
  required(headers, 'mcp-method', 'Mcp-Method');
  const source = NAME_SOURCE.get(method);
  const named = source === undefined ? undefined : params[source];
  if (typeof named !== 'string') return;
  const header = required(headers, 'mcp-name', 'Mcp-Name');
  const decoded = decodeHeader(header);
  if (decoded !== named) {
    throw mismatch(
      'Mcp-Name',
      `the body names ${JSON.stringify(named)}, the header ${JSON.stringify(decoded ?? header)}`,
    );
  }
}

/** Decodes a value that may be wrapped as `=?base64?…?=`. @returns undefined when the wrapping is broken */
export function decodeHeader(value: string): string | undefined {
  if (!(value.startsWith('=?base64?') && value.endsWith('?='))) return value;
  const encoded = SENTINEL.exec(value)?.[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}

function required(headers: IncomingHttpHeaders, key: string, name: string): string {
  const value = headerOf(headers, key);
  if (value === undefined) throw mismatch(name, 'the required header is missing');
  return value.trim();
}

export function mismatch(header: string, problem: string): MillraceError {
  return new MillraceError('header_mismatch', `Bad Request: ${header}: ${problem}`, {
    details: { header, problem },
  });
}
