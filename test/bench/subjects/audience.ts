/** Many clients that listen, in a process of their own: their memory is not the front door's. */
import { setTimeout as delay } from 'node:timers/promises';
import { childConfig, serveParent } from '../bench-child.ts';
import { CHANGING_URI } from '../changing-plugin.ts';
import { HttpConnection } from '../http-connection.ts';
import {
  type ListeningClient,
  type OpenClient,
  openListenStream,
  openWebSocket,
} from '../listening-client.ts';
import { McpRequest, numbers, statelessCall } from '../mcp-request.ts';

export type ClientKind = 'listen' | 'websocket';

/** The tools of the changing plugin that change something. */
export type ChangingTool = 'touch' | 'grow';

export type AudienceRequest =
  | { readonly do: 'open'; readonly kind: ClientKind; readonly count: number }
  /** The answer says how many were still open. */
  | { readonly do: 'close' }
  /** Calls the tool; the answer says how many milliseconds later the last client knew of the change. */
  | { readonly do: 'change'; readonly tool: ChangingTool };

const OPENERS: Readonly<Record<ClientKind, OpenClient>> = {
  listen: openListenStream,
  websocket: openWebSocket,
};

/** Clients that connect at the same moment. */
const OPEN_AT_ONCE = 50;

/** What the message of each change has in it. */
const SIGNS: Readonly<Record<ChangingTool, string>> = {
  touch: CHANGING_URI,
  grow: 'notifications/tools/list_changed',
};

/** How long a change may take before the bench gives up, in milliseconds. */
const PATIENCE_MS = 10_000;

const { port } = childConfig<{ port: number }>();
const nextNumber = numbers();
const clients: ListeningClient[] = [];
/** Who has not heard of the change that is under way. */
let waiting = new Set<number>();
let sign = '';
let allKnow = Promise.withResolvers<void>();

await serveParent(async (request: AudienceRequest): Promise<number> => {
  if (request.do === 'open') return open(OPENERS[request.kind], request.count);
  if (request.do === 'change') return change(request.tool);
  return close();
});

async function open(openClient: OpenClient, count: number): Promise<number> {
  const last = clients.length + count;
  while (clients.length < last) {
    const first = clients.length;
    const some = Array.from({ length: Math.min(OPEN_AT_ONCE, last - first) }, (_, index) =>
      openClient(port, (message) => hear(first + index, message)),
    );
    clients.push(...(await Promise.all(some)));
  }
  return count;
}

function close(): number {
  const leaving = clients.splice(0);
  const stillOpen = leaving.filter((client) => client.isOpen()).length;
  for (const client of leaving) client.close();
  return stillOpen;
}

function hear(client: number, message: string): void {
  if (waiting.size === 0 || !message.includes(sign)) return;
  waiting.delete(client);
  if (waiting.size === 0) allKnow.resolve();
}

async function change(tool: ChangingTool): Promise<number> {
  const connection = await HttpConnection.open(port);
  waiting = new Set(clients.keys());
  sign = SIGNS[tool];
  allKnow = Promise.withResolvers();
  const begun = performance.now();
  const called = connection.exchange(new McpRequest(port, statelessCall(tool)).numbered(nextNumber()));
  await Promise.race([allKnow.promise, delay(PATIENCE_MS, undefined, { ref: false })]);
  const elapsed = performance.now() - begun;
  const { status, body } = await called;
  connection.close();
  if (waiting.size === 0) return elapsed;
  throw new Error(
    `${waiting.size} of ${clients.length} clients never heard; ${tool}: HTTP ${status} ${body}`,
  );
}
