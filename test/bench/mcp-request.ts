import { META, MODERN_REVISION } from '@millrace/protocol';

/** Numbers of this many digits are patched into a prebuilt request, so its length never changes. */
const FIRST_NUMBER = 10_000_000;

const CLIENT_INFO = { name: 'millrace-bench', version: '1.0.0' };

/** The newest revision that has sessions. */
export const SESSION_REVISION = '2025-11-25';

/** `params` of the request that opens a session. */
export const INITIALIZE_PARAMS = {
  protocolVersion: SESSION_REVISION,
  capabilities: {},
  clientInfo: CLIENT_INFO,
};

/** Gives every request of a run its own number, so that no cache and no single flight can answer it. */
export function numbers(): () => number {
  let next = FIRST_NUMBER;
  return () => next++;
}

/** The text that the request of that number sends, and that its answer must begin with. */
export function textOf(number: number): string {
  return `The mill turns while the river runs: ${number}`;
}

/** `params` of a tool call of revision 2026-07-28, with the `_meta` envelope. */
export function toolCallParams(tool: string, number: number) {
  return { name: tool, arguments: { text: textOf(number) }, _meta: envelope() };
}

function envelope() {
  return {
    [META.protocolVersion]: MODERN_REVISION,
    [META.clientInfo]: CLIENT_INFO,
    [META.clientCapabilities]: {},
  };
}

/** One kind of request: what goes into the body, and the headers of MCP that come with it. */
export interface RequestKind {
  readonly method: string;
  readonly params: object;
  readonly headers: Readonly<Record<string, string>>;
}

/** A request of revision 2026-07-28, which needs no session. */
export function stateless(method: string, params: object, name?: string): RequestKind {
  const headers = { 'MCP-Protocol-Version': MODERN_REVISION, 'Mcp-Method': method };
  return {
    method,
    params: { ...params, _meta: envelope() },
    headers: name === undefined ? headers : { ...headers, 'Mcp-Name': name },
  };
}

export function statelessCall(tool: string): RequestKind {
  return stateless('tools/call', toolCallParams(tool, FIRST_NUMBER), tool);
}

/** The same call by a client of the 2025 era. */
export function sessionCall(tool: string, session: string): RequestKind {
  return {
    method: 'tools/call',
    params: { name: tool, arguments: { text: textOf(FIRST_NUMBER) } },
    headers: { 'MCP-Protocol-Version': SESSION_REVISION, 'Mcp-Session-Id': session },
  };
}

/** The bytes of one connection's request: built once, then only its number is written over. */
export class McpRequest {
  readonly #bytes: Buffer;
  readonly #offsets: readonly number[];

  constructor(port: number, { method, params, headers }: RequestKind) {
    const body = JSON.stringify({ jsonrpc: '2.0', id: FIRST_NUMBER, method, params });
    const text = `${head(port, headers, body.length)}${body}`;
    this.#bytes = Buffer.from(text, 'latin1');
    this.#offsets = [...text.matchAll(new RegExp(String(FIRST_NUMBER), 'g'))].map((match) => match.index);
  }

  /** The request with that number wherever it has one. The buffer is reused: one request at a time. */
  numbered(number: number): Buffer {
    for (const offset of this.#offsets) this.#bytes.write(String(number), offset, 'latin1');
    return this.#bytes;
  }
}

function head(port: number, headers: Readonly<Record<string, string>>, length: number): string {
  return [
    'POST /mcp HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${length}`,
    '\r\n',
  ].join('\r\n');
}
