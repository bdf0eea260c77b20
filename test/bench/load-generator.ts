/**
 * The HTTP load, in a process of its own. Not autocannon: that one takes as much processor time (12 µs a request
 * where this takes 10, nearly all of it the kernel's), but does not compare each answer with its own request,
 * and does not count which worker gave it.
 */
import { serveParent } from './bench-child.ts';
import { closedLoop, type Lane, type Timing } from './closed-loop.ts';
import { HttpConnection } from './http-connection.ts';
import { McpRequest, numbers, type RequestKind, sessionCall, statelessCall, textOf } from './mcp-request.ts';
import type { Measured } from './recorder.ts';
import type { HttpResponse } from './response-parser.ts';
import { openSession } from './session.ts';

export interface HttpLoad extends Timing {
  readonly port: number;
  readonly tool: string;
  readonly connections: number;
  /** Whether the tool puts a label after the echoed text; else nothing may follow it. */
  readonly labelled: boolean;
  /** Whether all connections call as one session of the 2025 era; else they need none. */
  readonly session?: boolean;
  /** Sent with every request that needs no session, such as a credential. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpMeasured extends Measured {
  /** Processor seconds per second that the generator itself took. */
  readonly generatorCpu: number;
}

const nextNumber = numbers();

await serveParent(async (load: HttpLoad): Promise<HttpMeasured> => {
  const plain = load.session
    ? sessionCall(load.tool, await openSession(load.port))
    : statelessCall(load.tool);
  const kind = { ...plain, headers: { ...plain.headers, ...load.headers } };
  const opening = Array.from({ length: load.connections }, () => HttpConnection.open(load.port));
  const connections = await Promise.all(opening);
  const begun = performance.now();
  const cpuBefore = process.cpuUsage();
  const measured = await closedLoop(
    connections.map((connection) => laneOn(connection, kind, load)),
    load,
  );
  const { user, system } = process.cpuUsage(cpuBefore);
  for (const connection of connections) connection.close();
  return { ...measured, generatorCpu: (user + system) / 1000 / (performance.now() - begun) };
});

function laneOn(connection: HttpConnection, kind: RequestKind, { port, labelled }: HttpLoad): Lane {
  const request = new McpRequest(port, kind);
  return async () => {
    const number = nextNumber();
    const response = await connection.exchange(request.numbered(number));
    const label = labelOf(response, number);
    if (label !== '' && !labelled) throw wrong(response, number);
    return label;
  };
}

/** Checks that the answer is the echo of its own request, and gives what the tool put after the echoed text. */
function labelOf(response: HttpResponse, number: number): string {
  const { status, body } = response;
  const expected = `"text":"${textOf(number)}`;
  const found = body.indexOf(expected);
  if (status !== 200 || found < 0 || !body.includes(`"id":${number}`) || body.includes('"isError":true')) {
    throw wrong(response, number);
  }
  const end = found + expected.length;
  return body.slice(end, body.indexOf('"', end));
}

function wrong({ status, body }: HttpResponse, number: number): Error {
  return new Error(`request ${number} was answered with HTTP ${status} ${body.slice(0, 400)}`);
}
