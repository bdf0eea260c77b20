/** The same request over HTTP, again and again. The first answer is looked at; the others must have the same result. */
import { serveParent } from '../bench-child.ts';
import { closedLoop, type Lane, type Timing } from '../closed-loop.ts';
import { HttpConnection } from '../http-connection.ts';
import { McpRequest, numbers, type RequestKind, stateless } from '../mcp-request.ts';
import type { Measured } from '../recorder.ts';

export interface SameLoad extends Timing {
  readonly port: number;
  readonly connections: number;
  /** What is asked for: `server/discover`, or a call of this tool. */
  readonly tool?: string;
}

const nextNumber = numbers();

await serveParent(async (load: SameLoad): Promise<Measured> => {
  const kind = kindOf(load);
  const opening = Array.from({ length: load.connections }, () => HttpConnection.open(load.port));
  const connections = await Promise.all(opening);
  const result = await firstResult(connections[0] as HttpConnection, load.port, kind);
  const lanes = connections.map((connection) => laneOn(connection, load.port, kind, result));
  const measured = await closedLoop(lanes, load);
  for (const connection of connections) connection.close();
  return measured;
});

function kindOf({ tool }: SameLoad): RequestKind {
  if (tool === undefined) return stateless('server/discover', {});
  return stateless('tools/call', { name: tool, arguments: { text: 'always the same' } }, tool);
}

async function firstResult(connection: HttpConnection, port: number, kind: RequestKind): Promise<string> {
  const { status, body } = await connection.exchange(new McpRequest(port, kind).numbered(nextNumber()));
  const { result } = JSON.parse(body) as { result?: Record<string, unknown> };
  const isWrong = status !== 200 || result === undefined || result['isError'] === true;
  if (isWrong) throw new Error(`${kind.method} was answered with HTTP ${status} ${body.slice(0, 400)}`);
  return body.slice(body.indexOf('"result":'));
}

function laneOn(connection: HttpConnection, port: number, kind: RequestKind, result: string): Lane {
  const request = new McpRequest(port, kind);
  return async () => {
    const number = nextNumber();
    const { status, body } = await connection.exchange(request.numbered(number));
    if (status !== 200 || !body.endsWith(result) || !body.includes(`"id":${number},`)) {
      throw new Error(`request ${number} was answered with HTTP ${status} ${body.slice(0, 400)}`);
    }
    return '';
  };
}
