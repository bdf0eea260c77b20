import { fileURLToPath } from 'node:url';
import { HttpConnection } from '../bench/http-connection.ts';
import { McpRequest, numbers, statelessCall, textOf } from '../bench/mcp-request.ts';
import { type Cluster, type ClusterOptions, startCluster } from '../support/cluster.ts';
import { difference, type Histogram, readHistogram } from './worker-histogram.ts';

const PLUGIN = fileURLToPath(new URL('napping-plugin.ts', import.meta.url));

const nextNumber = numbers();

/** A small cluster with tools that take their time, and agents that call them. */
export class LocalCluster {
  readonly cluster: Cluster;
  readonly #adminUrls: string[] = [];

  private constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /** One front door and one worker with that many slots. */
  static async start(slots: number, options: ClusterOptions = {}): Promise<LocalCluster> {
    const workerEnv = { MILLRACE_PLUGINS: PLUGIN, MILLRACE_SLOTS: String(slots) };
    const local = new LocalCluster(await startCluster({ workers: 0, workerEnv, ...options }));
    await local.growTo(1);
    return local;
  }

  /** Starts workers until there are so many. Resolves when the front door knows them all. */
  async growTo(workers: number): Promise<void> {
    while (this.#adminUrls.length < workers) {
      const worker = await this.cluster.startWorker();
      const { admin } = await worker.listening();
      this.#adminUrls.push(`http://127.0.0.1:${admin.port}`);
    }
    await this.cluster.seesWorkers(workers);
  }

  histogram(tool: string): Promise<Histogram> {
    return readHistogram(this.#adminUrls, tool);
  }

  /** What the workers count of a tool while `work` goes on. */
  async during(tool: string, work: () => Promise<unknown>): Promise<Histogram> {
    const before = await this.histogram(tool);
    await work();
    return difference(await this.histogram(tool), before);
  }

  /** One call after the other. @returns how long each took, in milliseconds */
  async oneByOne(tool: string, calls: number): Promise<number[]> {
    const [call] = await this.#agents(1);
    const times: number[] = [];
    for (let at = 0; at < calls; at += 1) times.push(await call(tool));
    call.close();
    return times;
  }

  /** So many calls at the same moment. @returns how long each took, in milliseconds */
  async allAtOnce(tool: string, calls: number): Promise<number[]> {
    const agents = await this.#agents(calls);
    const times = await Promise.all(agents.map((call) => call(tool)));
    for (const { close } of agents) close();
    return times;
  }

  stop(): Promise<void> {
    return this.cluster.stop();
  }

  /** Agents with a connection each, that is open before anything is timed. */
  async #agents(count: number): Promise<[Agent, ...Agent[]]> {
    const port = Number(new URL(this.cluster.url).port);
    const open = async (): Promise<Agent> => agentOn(await HttpConnection.open(port), port);
    const [first, ...others] = Array.from({ length: count }, open);
    if (!first) throw new Error('at least one agent is needed');
    return [await first, ...(await Promise.all(others))];
  }
}

interface Agent {
  (tool: string): Promise<number>;
  readonly close: () => void;
}

function agentOn(connection: HttpConnection, port: number): Agent {
  const call = async (tool: string) => {
    const number = nextNumber();
    const begun = performance.now();
    const { status, body } = await connection.exchange(
      new McpRequest(port, statelessCall(tool)).numbered(number),
    );
    const right = status === 200 && body.includes(textOf(number)) && !body.includes('"isError":true');
    if (!right) throw new Error(`${tool} was answered with HTTP ${status} ${body.slice(0, 300)}`);
    return performance.now() - begun;
  };
  return Object.assign(call, { close: () => connection.close() });
}
