import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import type { Timing } from '../closed-loop.ts';
import { startCluster } from '../cluster.ts';
import type { HttpLoad, HttpMeasured } from '../load-generator.ts';
import { compare } from '../rounds.ts';

const CONNECTIONS = 100;
const SAMPLING = '0.01';

/** The same call in a cluster that traces one in a hundred, and in one that traces none. */
export async function compareTracing(bench: Bench): Promise<void> {
  const { stage, redisUrl } = bench;
  const receiver = await stage.enter(startReceiver);
  const generator = await stage.enter(() => BenchProcess.start<HttpLoad, HttpMeasured>('load-generator.ts'));
  const contender = async (name: string, common: Readonly<Record<string, string>>) => {
    const { frontDoor } = await startCluster(stage, redisUrl, `bench-${name}`, { count: 1 }, common);
    const { httpPort: port } = frontDoor;
    const load = { port, tool: 'echo', connections: CONNECTIONS, labelled: false };
    return {
      name,
      subject: 'tracing_cost',
      start: async () => (timing: Timing) => generator.ask({ ...load, ...timing }),
    };
  };
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, MILLRACE_TRACE_SAMPLING: SAMPLING };
  await compare(bench, [await contender('untraced', {}), await contender('traced', traced)]);
  const { untraced_rps: without, traced_rps: under } = bench.figures;
  if (without !== undefined && under !== undefined) bench.report('tracing_cost', 1 - under / without);
  if (receiver.messages === 0) throw new Error('no span was received: nothing was traced');
}

/** Takes spans and forgets them. */
async function startReceiver() {
  let messages = 0;
  const server = createServer((request, response) => {
    messages += 1;
    request
      .resume()
      .on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get messages() {
      return messages;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
