import { type CatalogueView, examineRedis } from '@millrace/broker';
import { credentialOf, endpointOf, reasonOf } from './client-connection.ts';
import { clusterConnection, readCatalogue, withinPatience } from './cluster-connection.ts';
import { type Arguments, type Terminal, UnreachableError } from './command.ts';
import { doubtful, type Finding, good, wrong } from './finding.ts';
import { redisFindings } from './redis-findings.ts';

const DEFAULT_ADMIN = 'http://127.0.0.1:9090';
const OLDEST_NODE = [22, 18] as const;
const TIMEOUT_MS = 5_000;

/** Looks at everything that can be looked at from here. */
export async function examine(args: Arguments, env: Terminal['env']): Promise<Finding[]> {
  const admin = args.text('admin') ?? DEFAULT_ADMIN;
  const url = endpointOf(args.text('url'), env);
  const groups = [
    [nodeFinding()],
    await clusterFindings(env),
    [await adminFinding(admin)],
    await entrance(url, env),
  ];
  return groups.flat();
}

function nodeFinding(version: string = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNew = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return isNew
    ? good(`Node ${version}`)
    : wrong(`Node ${version}`, `use Node ${OLDEST_NODE.join('.')} or newer`);
}

async function clusterFindings(env: Terminal['env']): Promise<Finding[]> {
  if (!env['REDIS_URL'] && !env['MILLRACE_REDIS_URL'] && !env['MILLRACE_CONFIG']) {
    return [doubtful('Redis was not looked at', 'set REDIS_URL to that of the cluster')];
  }
  const connection = clusterConnection(env);
  try {
    const examined = examineRedis(connection.source);
    // It is given up when it takes too long.
    examined.catch(() => undefined);
    const redis = redisFindings(await withinPatience(examined, connection.url));
    return [...redis, ...workerFindings(await readCatalogue(connection))];
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    return [wrong(error.message, 'start it, or set REDIS_URL to where it is; look at firewalls between')];
  }
}

export function workerFindings({
  workers,
  slots,
  tools,
}: Pick<CatalogueView, 'workers' | 'slots' | 'tools'>): Finding[] {
  if (workers.length === 0) {
    return [
      wrong('no live worker', 'start one with MILLRACE_PLUGINS, the same REDIS_URL and MILLRACE_PREFIX'),
    ];
  }
  const orphaned = [...new Set(tools.map(({ pool }) => pool))].filter((pool) => !slots.has(pool));
  const pools = [...slots].map(([pool, count]) => `${pool}: ${count} slots`).join(', ');
  return [
    good(`${workers.length} live workers (${pools})`),
    ...orphaned.map((pool) =>
      doubtful(
        `nobody serves the pool ${pool}`,
        `start a worker with MILLRACE_POOLS=${pool}, or wait for its tools to be forgotten`,
      ),
    ),
  ];
}

async function adminFinding(admin: string): Promise<Finding> {
  const url = URL.parse('/readyz', admin);
  if (!url) return wrong(`--admin: "${admin}"`, 'expected http://HOST:PORT');
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    return response.status === 200
      ? good(`the front door at ${url.host} is ready`)
      : wrong(
          `the front door at ${url.host} is not ready: ${text.slice(0, 200)}`,
          'its log says what it waits for',
        );
  } catch (error) {
    return doubtful(
      `no admin port at ${url.host} (${reasonOf(error)})`,
      'give the right one with --admin, or forward it',
    );
  }
}

/** Asks for the tools, with the key that is there, and without any. */
async function entrance(url: URL, env: Terminal['env']): Promise<Finding[]> {
  const credential = credentialOf(env);
  try {
    const open = await ask(url, {});
    if (open === 200) return [good(`${url} answers`), openFinding(url)];
    if (open !== 401) return [wrong(`${url} answers ${open}`, 'is this the MCP endpoint? It ends in /mcp')];
    if (Object.keys(credential).length === 0) {
      return [
        good(`${url} answers`),
        good('it wants a credential; MILLRACE_API_KEY is not set, so none was tried'),
      ];
    }
    const known = await ask(url, credential);
    return [
      good(`${url} answers`),
      known === 200
        ? good('MILLRACE_API_KEY is accepted')
        : wrong(`MILLRACE_API_KEY is refused (${known})`, 'make another one with millrace keys create'),
    ];
  } catch (error) {
    return [
      wrong(
        `${url} cannot be reached (${reasonOf(error)})`,
        'start a front door, or give its address with --url',
      ),
    ];
  }
}

function openFinding(url: URL): Finding {
  if (/^(localhost|127\.|\[::1\])/.test(url.hostname)) return good('no authentication, on loopback');
  return wrong(
    'no authentication: whoever reaches it may call every tool',
    'set MILLRACE_AUTH; see docs/security.md',
  );
}

/** @returns the status of a request that costs nothing */
async function ask(url: URL, headers: Readonly<Record<string, string>>): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body?.cancel();
  return response.status;
}
