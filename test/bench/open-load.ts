/** HTTP calls at a steady rate, in a process of its own; it tells the answers apart. */
import { serveParent } from './bench-child.ts';
import { HttpConnection } from './http-connection.ts';
import { McpRequest, numbers, statelessCall, textOf } from './mcp-request.ts';
import { type OpenLoopTiming, openLoop, type SeenByLabel } from './open-loop.ts';
import type { HttpResponse } from './response-parser.ts';

export interface OpenLoad extends OpenLoopTiming {
  readonly port: number;
  readonly tool: string;
  /** Requests that may be open at the same time at most. */
  readonly connections: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a call that had a result is counted under; others have the name of their error. */
export const GOOD = 'good';

interface Lane {
  readonly connection: HttpConnection;
  readonly request: McpRequest;
}

const nextNumber = numbers();

await serveParent(async (load: OpenLoad): Promise<SeenByLabel> => {
  const lanes: Lane[] = [];
  const free: Lane[] = [];
  // Opened when it is needed: a server closes a connection that never asks for anything.
  const nextLane = async () => {
    const lane = free.pop();
    if (lane) return lane;
    if (lanes.length >= load.connections) throw new Error('no connection is free');
    const opened = await openLane(load);
    lanes.push(opened);
    return opened;
  };
  const seen = await openLoop(async () => {
    const lane = await nextLane();
    const label = await call(lane);
    free.push(lane);
    return label;
  }, load);
  for (const { connection } of lanes) connection.close();
  return seen;
});

async function openLane({ port, tool, headers }: OpenLoad): Promise<Lane> {
  const kind = statelessCall(tool);
  const request = new McpRequest(port, { ...kind, headers: { ...kind.headers, ...headers } });
  return { connection: await HttpConnection.open(port), request };
}

async function call({ connection, request }: Lane): Promise<string> {
  const number = nextNumber();
  return labelOf(await connection.exchange(request.numbered(number)), number);
}

function labelOf({ status, body }: HttpResponse, number: number): string {
  const answer = JSON.parse(body);
  const name = answer.error?.data?.name;
  if (name !== undefined) return name;
  if (body.includes('"isError":true')) return 'tool_error';
  if (status === 200 && body.includes(textOf(number))) return GOOD;
  throw new Error(`HTTP ${status} ${body.slice(0, 200)}`);
}
