/** `tools/list` over HTTP. The first answer is parsed; the others must have the same bytes. */
import { serveParent } from '../bench-child.ts';
import { closedLoop, type Lane, type Timing } from '../closed-loop.ts';
import { McpRequest, numbers, stateless } from '../mcp-request.ts';
import { PageConnection } from '../page-connection.ts';
import type { Measured } from '../recorder.ts';

export interface ListLoad extends Timing {
  readonly port: number;
  readonly connections: number;
  /** Tools that the one page of the list must have. */
  readonly tools: number;
}

interface Expected {
  /** Length of a whole response. */
  readonly bytes: number;
  /** The end of each: the result. */
  readonly result: Buffer;
}

const LIST = stateless('tools/list', {});
const OK = 'HTTP/1.1 200 OK\r\n';
const HEAD_END = '\r\n\r\n';

const nextNumber = numbers();

await serveParent(async (load: ListLoad): Promise<Measured> => {
  const expected = await firstAnswer(load);
  const opening = Array.from({ length: load.connections }, () =>
    PageConnection.open(load.port, expected.bytes),
  );
  const connections = await Promise.all(opening);
  const lanes = connections.map((connection) => laneOn(connection, load.port, expected));
  const measured = await closedLoop(lanes, load);
  for (const connection of connections) connection.close();
  return measured;
});

/** Looks whether the answer is what it should be. */
async function firstAnswer({ port, tools }: ListLoad): Promise<Expected> {
  const answer = await PageConnection.first(port, new McpRequest(port, LIST).numbered(nextNumber()));
  const bodyStart = answer.indexOf(HEAD_END) + HEAD_END.length;
  const { result } = JSON.parse(answer.toString('utf8', bodyStart)) as {
    result?: { tools?: unknown[]; nextCursor?: string };
  };
  if (result?.tools?.length !== tools || result.nextCursor !== undefined) {
    throw new Error(`the list is not one page of ${tools} tools: ${answer.toString('utf8', 0, 400)}`);
  }
  return { bytes: answer.length, result: answer.subarray(answer.indexOf('"result"')) };
}

function laneOn(connection: PageConnection, port: number, { bytes, result }: Expected): Lane {
  const request = new McpRequest(port, LIST);
  const resultAt = bytes - result.length;
  return async () => {
    const number = nextNumber();
    const answer = await connection.exchange(request.numbered(number));
    const before = answer.toString('latin1', 0, resultAt);
    const same = result.compare(answer, resultAt) === 0;
    if (!same || !before.startsWith(OK) || !before.includes(`"id":${number},`)) {
      throw new Error(`list ${number} was answered with ${answer.toString('latin1', 0, 400)}`);
    }
    return '';
  };
}
