/** `tools/list` over HTTP. The first page is parsed; the others must be the same text. */
import { serveParent } from '../bench-child.ts';
import { closedLoop, type Lane, type Timing } from '../closed-loop.ts';
import { HttpConnection } from '../http-connection.ts';
import { McpRequest, numbers, stateless } from '../mcp-request.ts';
import type { Measured } from '../recorder.ts';

export interface ListLoad extends Timing {
  readonly port: number;
  readonly connections: number;
  /** Tools that the one page of the list must have. */
  readonly tools: number;
}

const nextNumber = numbers();

await serveParent(async (load: ListLoad): Promise<Measured> => {
  const opening = Array.from({ length: load.connections }, () => HttpConnection.open(load.port));
  const connections = await Promise.all(opening);
  const request = new McpRequest(load.port, stateless('tools/list', {}));
  const first = await connections[0]?.exchange(request.numbered(nextNumber()));
  const page = pageOf(first?.body ?? '', load.tools);
  const measured = await closedLoop(
    connections.map((connection) => laneOn(connection, load.port, page)),
    load,
  );
  for (const connection of connections) connection.close();
  return measured;
});

/** The text of the result, after a look at whether all of it is there. */
function pageOf(body: string, tools: number): string {
  const { result } = JSON.parse(body) as { result?: { tools?: unknown[]; nextCursor?: string } };
  if (result?.tools?.length !== tools || result.nextCursor !== undefined) {
    throw new Error(`the list is not the page of ${tools} tools: ${body.slice(0, 400)}`);
  }
  return body.slice(body.indexOf('"result"'));
}

function laneOn(connection: HttpConnection, port: number, page: string): Lane {
  const request = new McpRequest(port, stateless('tools/list', {}));
  return async () => {
    const number = nextNumber();
    const { status, body } = await connection.exchange(request.numbered(number));
    if (status !== 200 || !body.startsWith(`{"jsonrpc":"2.0","id":${number},`) || !body.endsWith(page)) {
      throw new Error(`list ${number} was answered with HTTP ${status} ${body.slice(0, 400)}`);
    }
    return '';
  };
}
