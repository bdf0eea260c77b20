import { META, MODERN_REVISION } from '@millrace/protocol';

/** One HTTP request to `/mcp`, as it goes over the wire. */
export interface WireRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The one JSON-RPC response of the answer. */
  readonly message: JsonRpcResponse;
}

export interface JsonRpcResponse {
  readonly id?: string | number | null;
  readonly result?: Record<string, unknown>;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: Record<string, unknown>;
  };
}

const HTTP_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

type Params = Record<string, unknown>;

/** A request of revision 2026-07-28: each carries its version and its client, and headers repeat its name. */
export function modernRequest(method: string, params: Params = {}, meta: Params = {}): WireRequest {
  const _meta = {
    [META.protocolVersion]: MODERN_REVISION,
    [META.clientInfo]: { name: 'test-agent', version: '1.0.0' },
    [META.clientCapabilities]: {},
    ...meta,
  };
  const name = params['name'] ?? params['uri'] ?? params['taskId'];
  return {
    headers: {
      ...HTTP_HEADERS,
      'mcp-protocol-version': MODERN_REVISION,
      'mcp-method': method,
      ...(typeof name === 'string' && { 'mcp-name': name }),
    },
    body: { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } },
  };
}

/** A request of a 2025 revision. */
export function sessionRequest(method: string, params: Params = {}, revision = '2025-11-25'): WireRequest {
  return {
    headers: { ...HTTP_HEADERS, 'mcp-protocol-version': revision },
    body: { jsonrpc: '2.0', id: 1, method, params },
  };
}

/** Sends a request and reads the whole answer. */
export async function send(url: string, { headers, body }: WireRequest): Promise<WireAnswer> {
  return sendRaw(url, headers, JSON.stringify(body));
}

/** Sends any bytes with any headers. */
export async function sendRaw(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<WireAnswer> {
  return readAnswer(await fetch(url, { method: 'POST', headers, body }));
}

export async function readAnswer(response: Response): Promise<WireAnswer> {
  const text = await response.text();
  const isStream = response.headers.get('content-type') === 'text/event-stream';
  const last = isStream ? eventsOf(text).at(-1) : text;
  return { status: response.status, headers: response.headers, text, message: parse(last) };
}

/** The data of each event of a stream. */
export function eventsOf(text: string): string[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => data ?? '');
}

/** Answers without a JSON body, such as 202, have no message. */
function parse(text: string | undefined): JsonRpcResponse {
  return text?.startsWith('{') ? (JSON.parse(text) as JsonRpcResponse) : {};
}

/** A call to a tool in revision 2026-07-28. */
export function toolCall(name: string, args: Params = {}, meta: Params = {}): WireRequest {
  return modernRequest('tools/call', { name, arguments: args }, meta);
}
