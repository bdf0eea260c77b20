import { type Call, clientCapabilitiesOf, eraOf } from '@millrace/protocol';
import type { McpRequestContext } from '@modelcontextprotocol/server';
import { checkedTool } from '../checked-tool.ts';
import type { InstalledParts, Plugin, PluginHost, PluginParts } from '../plugin.ts';
import { DEFAULT_POOL } from '../target.ts';
import { InstancePool } from './instance-pool.ts';
import { runMounted } from './mounted-call.ts';
import { type Mounting, readParts } from './mounted-parts.ts';
import { type MountableServer, ServerConnection } from './server-connection.ts';

/** Makes one `McpServer` or `Server` of either official SDK, like the factory of the SDK's `createMcpHandler`. */
export type MountFactory = (
  context: McpRequestContext,
  host: PluginHost,
) => MountableServer | Promise<MountableServer>;

export interface MountOptions {
  /** Name of the plugin. */
  readonly name: string;
  readonly version?: string;
  readonly factory: MountFactory;
  readonly pool?: string;
  /** Longest run of each of its tools, resources and prompts, in milliseconds. */
  readonly timeoutMs?: number;
  /** Overrides, by tool name, what the annotations say about a second run after the death of a worker. */
  readonly idempotent?: Readonly<Record<string, boolean>>;
  /**
   * Calls that run at the same time, each on an instance of its own; 32 unless given. Give 1 to a server that keeps
   * state between calls or changes its own lists, for its instances know nothing of each other.
   */
  readonly concurrency?: number;
}

const DEFAULT_CONCURRENCY = 32;

/** A plugin that serves an existing MCP server as it is. */
export function mountMcpServer({ name, version = '0.0.0', ...options }: MountOptions): Plugin {
  return { name, version, setup: (host) => mount(name, options, host) };
}

async function mount(
  name: string,
  options: Omit<MountOptions, 'name' | 'version'>,
  host: PluginHost,
): Promise<InstalledParts> {
  const {
    factory,
    pool = DEFAULT_POOL,
    timeoutMs,
    idempotent = {},
    concurrency = DEFAULT_CONCURRENCY,
  } = options;
  const refresh = createRefresher(name, host, (connection) => readChecked(connection, mounting));
  const build = (era: Era) => () => buildInstance(name, factory, era, host, refresh);
  const instances = new InstancePool(build('legacy'), concurrency);
  const modern = new InstancePool(build('modern'), concurrency);
  let hasModern = false;
  const mounting: Mounting = {
    pool,
    idempotent,
    ...(timeoutMs !== undefined && { timeoutMs }),
    run: (call, context) =>
      runMounted(call, context, hasModern && needsModern(call) ? modern : instances, host.log),
  };
  const parts = await instances.use(undefined, (connection) => {
    // With one instance its state has to be the same for everybody.
    hasModern = concurrency > 1 && connection.speaksModern;
    return readChecked(connection, mounting);
  });
  return { ...parts, teardown: () => closeAll([instances, modern]) };
}

/** What the server promises about arguments and results is held here, whether it checks them itself or not. */
async function readChecked(connection: ServerConnection, mounting: Mounting): Promise<PluginParts> {
  const parts = await readParts(connection, mounting);
  return { ...parts, tools: (parts.tools ?? []).map(checkedTool) };
}

type Era = McpRequestContext['era'];

/** Results that ask for input (`inputRequired`) can pass as they are to agents that know them, and only to those. */
function needsModern(call: Call): boolean {
  if (eraOf(call.revision) !== 'modern') return false;
  const { elicitation, sampling, roots } = clientCapabilitiesOf(call);
  return elicitation !== undefined || sampling !== undefined || roots !== undefined;
}

async function closeAll(pools: readonly InstancePool[]): Promise<void> {
  const ends = await Promise.allSettled(pools.map((pool) => pool.close()));
  const failures = ends.filter((end) => end.status === 'rejected').map((end) => end.reason);
  if (failures.length > 0) throw new AggregateError(failures, 'Some instances could not be closed');
}

async function buildInstance(
  name: string,
  factory: MountFactory,
  era: Era,
  host: PluginHost,
  refresh: (connection: ServerConnection) => void,
): Promise<ServerConnection> {
  try {
    const server = await factory({ era }, host);
    const connection = new ServerConnection(name, server, refresh);
    await (era === 'modern' ? connection.openModern() : connection.open());
    return connection;
  } catch (error) {
    throw new Error(`The mounted server "${name}" could not be started`, { cause: error });
  }
}

/** Reads the lists again when an instance says that they have changed; several changes at once are read once. */
function createRefresher(
  name: string,
  host: PluginHost,
  read: (connection: ServerConnection) => Promise<InstalledParts>,
): (connection: ServerConnection) => void {
  let last = Promise.resolve();
  let waiting = false;
  return (connection) => {
    if (waiting) return;
    waiting = true;
    last = last
      .then(() => {
        waiting = false;
        return read(connection);
      })
      .then((parts) => host.replace(parts))
      .catch((error: unknown) =>
        host.log.error({ error, plugin: name }, 'The changed lists of a mounted server cannot be served'),
      );
  };
}
