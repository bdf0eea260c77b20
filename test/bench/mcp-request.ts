import { META, MODERN_REVISION } from '@millrace/protocol';

/** Numbers of this many digits are patched into a prebuilt request, so its length never changes. */
const FIRST_NUMBER = 10_000_000;

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
  return {
    name: tool,
    arguments: { text: textOf(number) },
    _meta: {
      [META.protocolVersion]: MODERN_REVISION,
      [META.clientInfo]: { name: 'millrace-bench', version: '1.0.0' },
      [META.clientCapabilities]: {},
    },
  };
}

/** The bytes of one connection's `tools/call`: built once, then only its number is written over. */
export class McpRequest {
  readonly #bytes: Buffer;
  readonly #offsets: readonly number[];

  constructor(port: number, tool: string) {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: FIRST_NUMBER,
      method: 'tools/call',
      params: toolCallParams(tool, FIRST_NUMBER),
    });
    const text = `${head(port, tool, body.length)}${body}`;
    this.#bytes = Buffer.from(text, 'latin1');
    this.#offsets = [...text.matchAll(new RegExp(String(FIRST_NUMBER), 'g'))].map((match) => match.index);
  }

  /** The request with that number as its id and in its text. The buffer is reused: one request at a time. */
  numbered(number: number): Buffer {
    for (const offset of this.#offsets) this.#bytes.write(String(number), offset, 'latin1');
    return this.#bytes;
  }
}

function head(port: number, tool: string, length: number): string {
  return [
    'POST /mcp HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    `MCP-Protocol-Version: ${MODERN_REVISION}`,
    'Mcp-Method: tools/call',
    `Mcp-Name: ${tool}`,
    `Content-Length: ${length}`,
    '\r\n',
  ].join('\r\n');
}
