import { fileURLToPath } from 'node:url';
import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import type { Timing } from '../closed-loop.ts';
import { startCluster } from '../cluster.ts';
import type { HttpLoad, HttpMeasured } from '../load-generator.ts';
import { ProxyProcess } from '../proxy-process.ts';
import { compare } from '../rounds.ts';

const CONNECTIONS = 32;
const PROCESSES = 4;
const SERVER = fileURLToPath(new URL('../subjects/one-at-a-time.ts', import.meta.url));

/** A stdio server that does one call at a time: one process of it behind `mcp-proxy`, and hosted in a pool of four. */
export async function compareUpstream(bench: Bench): Promise<void> {
  const { stage, redisUrl } = bench;
  const generator = await stage.enter(() => BenchProcess.start<HttpLoad, HttpMeasured>('load-generator.ts'));
  const load = (port: number, timing: Timing) =>
    generator.ask({ port, tool: 'work', connections: CONNECTIONS, labelled: false, ...timing });
  const server = { command: process.execPath, args: [SERVER], min: PROCESSES, max: PROCESSES };
  await compare(bench, [
    {
      name: 'mcp_proxy',
      subject: 'upstream_gain',
      start: async () => {
        const { port } = await stage.enter(() => ProxyProcess.start(SERVER));
        return (timing) => load(port, timing);
      },
    },
    {
      name: 'hosted',
      subject: 'upstream_gain',
      start: async () => {
        const settings = { MILLRACE_PLUGINS: '', MILLRACE_UPSTREAMS: JSON.stringify({ server }) };
        const { frontDoor } = await startCluster(stage, redisUrl, 'bench-upstream', { count: 1, settings });
        return (timing) => load(frontDoor.httpPort, timing);
      },
    },
  ]);
}
