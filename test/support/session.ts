import { EventStream } from './sse.ts';
import { type JsonRpcResponse, send, sendRaw, sessionRequest } from './wire.ts';

const ACCEPT = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };

export interface SessionOptions {
  readonly revision?: string;
  readonly capabilities?: object;
  /** Sent with every request, such as a credential. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client of a 2025 revision, down to its headers. Each request may go to another replica. */
export class Session {
  readonly headers: Record<string, string>;

  constructor(id: string, revision = '2025-11-25', headers: SessionOptions['headers'] = {}) {
    this.headers = { ...ACCEPT, ...headers, 'mcp-session-id': id, 'mcp-protocol-version': revision };
  }

  static async open(
    url: string,
    { revision = '2025-11-25', capabilities = {}, headers: own = {} }: SessionOptions = {},
  ): Promise<Session> {
    const params = { protocolVersion: revision, capabilities, clientInfo: { name: 'test', version: '1' } };
    const request = sessionRequest('initialize', params, revision);
    const { headers } = await send(url, { ...request, headers: { ...request.headers, ...own } });
    return new Session(headers.get('mcp-session-id') ?? 'none', revision, own);
  }

  post(url: string, body: object) {
    return sendRaw(url, this.headers, JSON.stringify({ jsonrpc: '2.0', ...body }));
  }

  request(url: string, method: string, params: object = {}) {
    return this.post(url, { id: 1, method, params });
  }

  /** A call whose answer is read event by event. */
  call(url: string, name: string, args: object = {}, id = 1): Promise<EventStream> {
    const params = { name, arguments: args, _meta: { progressToken: id } };
    const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params });
    return EventStream.open(url, { method: 'POST', headers: this.headers, body });
  }

  stream(url: string, lastEventId?: string): Promise<EventStream> {
    const resume = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    return EventStream.open(url, { headers: { ...this.headers, ...resume } });
  }
}

/** The text of the result of a tool. */
export function textOf({ result }: JsonRpcResponse): string | undefined {
  return (result as { content: { text: string }[] } | undefined)?.content[0]?.text;
}
