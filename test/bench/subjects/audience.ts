/** Many clients that listen, in a process of their own: their memory is not the front door's. */
import { setTimeout as delay } from 'node:timers/promises';
import { childConfig, serveParent } from '../bench-child.ts';
import { CHANGING_URI } from '../changing-plugin.ts';
import { HttpConnection } from '../http-connection.ts';
import { type OpenClient, openListenStream, openWebSocket } from '../listening-client.ts';
import { McpRequest, numbers, statelessCall } from '../mcp-request.ts';

export type ClientKind = 'listen' | 'websocket';

/** The tools of the changing plugin that change something. */
export type ChangingTool = 'touch' | 'grow';

export type AudienceRequest =
  | { readonly do: 'open'; readonly kind: ClientKind; readonly count: number }
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
const closers: (() => void)[] = [];
/** Who has not heard of the change that is under way. */
let waiting = new Set<number>();
let sign = '';
let allKnow = Promise.withResolvers<void>();

await serveParent(async (request: AudienceRequest): Promise<number> => {
  if (request.do === 'open') return open(OPENERS[request.kind], request.count);
  if (request.do === 'change') return change(request.tool);
  for (const close of closers.splice(0)) close();
  return 0;
});

async function open(openClient: OpenClient, count: number): Promise<number> {
  const last = closers.length + count;
  while (closers.length < last) {
    const first = closers.length;
    const some = Array.from({ length: Math.min(OPEN_AT_ONCE, last - first) }, (_, index) =>
      openClient(port, (message) => hear(first + index, message)),
    );
    closers.push(...(await Promise.all(some)));
  }
  return count;
}

function hear(client: number, message: string): void {
  if (waiting.size === 0 || !message.includes(sign)) return;
  waiting.delete(client);
  if (waiting.size === 0) allKnow.resolve();
}

async function change(tool: ChangingTool): Promise<number> {
  const connection = await HttpConnection.open(port);
  waiting = new Set(closers.keys());
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
    `${waiting.size} of ${closers.length} clients never heard; ${tool}: HTTP ${status} ${body}`,
  );
}
