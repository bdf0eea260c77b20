import { AppProcess } from '../app-process.ts';
import type { Bench } from '../bench.ts';
import { startCluster } from '../cluster.ts';
import { HttpConnection } from '../http-connection.ts';
import { McpRequest, type RequestKind, stateless } from '../mcp-request.ts';
import { pluginPath } from '../plugin-path.ts';

const CALLS = 1_000;

/** How often a tool runs for 1,000 identical calls at the same time, half of them on each of two front doors. */
export async function measureDedup(bench: Bench): Promise<void> {
  const { stage, redisUrl } = bench;
  const settings = { MILLRACE_PLUGINS: pluginPath('sharing-plugin.ts') };
  const prefix = 'bench-dedup';
  const { frontDoor } = await startCluster(stage, redisUrl, prefix, { count: 1, settings });
  const other = await stage.enter(() =>
    AppProcess.start('front-door', redisUrl, { MILLRACE_PREFIX: prefix }),
  );
  const ports = [frontDoor.httpPort, other.httpPort];
  const connections = await Promise.all(
    Array.from({ length: CALLS }, (_, n) => HttpConnection.open(ports[n % 2] as number)),
  );
  const texts = await Promise.all(
    connections.map((connection, n) => textOf(connection, ports[n % 2] as number, n, counted)),
  );
  const wrong = texts.filter((text) => text !== TEXT).length;
  if (wrong > 0) throw new Error(`${wrong} of ${CALLS} answers were wrong, the first: ${texts[0]}`);
  const executions = Number(await textOf(connections[0] as HttpConnection, frontDoor.httpPort, 0, count));
  for (const connection of connections) connection.close();
  bench.progress(`dedup: ${executions} execution(s) for ${CALLS} identical calls`);
  bench.report('dedup_executions', executions);
}

const TEXT = 'all the same';
const counted = stateless('tools/call', { name: 'counted', arguments: { text: TEXT } }, 'counted');
const count = stateless('tools/call', { name: 'count' }, 'count');
const FIRST_NUMBER = 10_000_000;

async function textOf(
  connection: HttpConnection,
  port: number,
  n: number,
  kind: RequestKind,
): Promise<string | undefined> {
  const request = new McpRequest(port, kind).numbered(FIRST_NUMBER + n);
  const { body } = await connection.exchange(request);
  const { result } = JSON.parse(body) as { result?: { content: { text: string }[] } };
  return result?.content[0]?.text;
}
