import type { IncomingHttpHeaders } from 'node:http';
import { isJsonObject, type Revision } from '@millrace/protocol';
import { NAME_SOURCE } from './headers.ts';
import { claimOf } from './plain-request.ts';

/**
 * The headers that a message would have come with over HTTP. There they repeat the body, so that proxies can route by
 * them; on a WebSocket nobody routes by message, and the classifier gets them from the body itself.
 *
 * @param revision that `initialize` agreed on; undefined before, and for messages that name their own
 */
export function headersOf(body: unknown, revision: Revision | undefined): IncomingHttpHeaders {
  if (!isJsonObject(body)) return {};
  const { method, params } = body;
  const meta = isJsonObject(params) && isJsonObject(params['_meta']) ? params['_meta'] : undefined;
  const claim = claimOf(meta);
  if (claim === undefined || typeof method !== 'string') {
    return revision === undefined ? {} : { 'mcp-protocol-version': revision };
  }
  const source = NAME_SOURCE.get(method);
  const name = source !== undefined && isJsonObject(params) ? params[source] : undefined;
  return {
    'mcp-protocol-version': claim,
    'mcp-method': method,
    ...(typeof name === 'string' && { 'mcp-name': encode(name) }),
  };
}

/** Wrapped, since a name may look like a wrapped one itself. */
function encode(name: string): string {
  return `=?base64?${Buffer.from(name).toString('base64')}?=`;
}
