import { isJsonObject, type JsonObject, META, MODERN_REVISION } from '@millrace/protocol';

export type McpParams = Readonly<Record<string, unknown>>;

/** A JSON-RPC answer, and what came before it. */
export interface McpAnswer {
  readonly result?: JsonObject;
  readonly error?: JsonObject & { readonly code: number; readonly message: string };
  /** Notifications that came first. */
  readonly notifications: readonly JsonObject[];
}

/** Makes one request of the revision 2026-07-28, which needs nothing before it, and reads the whole answer. */
export async function postMcp(url: string, method: string, params: McpParams): Promise<McpAnswer> {
  const _meta = {
    [META.protocolVersion]: MODERN_REVISION,
    [META.clientInfo]: { name: 'test-kit', version: '1.0.0' },
    [META.clientCapabilities]: {},
    ...(isJsonObject(params['_meta']) ? params['_meta'] : {}),
  };
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': MODERN_REVISION,
      'mcp-method': method,
      ...(typeof params['name'] === 'string' && { 'mcp-name': params['name'] }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }),
  });
  const messages = messagesOf(await response.text(), response.headers.get('content-type') ?? '');
  const answer = messages.pop();
  if (!answer) throw new Error(`${url} answered ${response.status} without a message`);
  return { ...answer, notifications: messages };
}

function messagesOf(text: string, type: string): JsonObject[] {
  const events = type.startsWith('text/event-stream')
    ? [...text.matchAll(/^data: (.+)$/gm)].map(([, data = '']) => data)
    : [text];
  return events.filter((event) => event.startsWith('{')).map((event) => JSON.parse(event) as JsonObject);
}
