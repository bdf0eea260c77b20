import { isLoopback } from '@millrace/service';

export interface Addresses {
  readonly host: string;
  /** How callers prove who they are; empty when they need not. */
  readonly auth: readonly string[];
  /** Of the MCP endpoint. */
  readonly url: string;
  readonly frontDoorAdmin: string;
  readonly workerAdmin: string;
  readonly redis: string;
}

/** What `millrace up` prints once all is ready. Each of the three ways to try it works when pasted. */
export function greeting(addresses: Addresses): string {
  return `
Millrace is ready:
  MCP endpoint       ${addresses.url}
  front door, admin  ${addresses.frontDoorAdmin}
  worker, admin      ${addresses.workerAdmin}
  Redis              ${withoutPassword(addresses.redis)}

${warning(addresses)}

Try it, from another terminal:

1. with curl

${curl(addresses)}

2. with the MCP Inspector

npx -y @modelcontextprotocol/inspector --cli ${addresses.url} --transport http --method tools/list

3. from an agent, with this in its configuration of MCP servers

${JSON.stringify({ mcpServers: { millrace: { type: 'http', url: addresses.url } } }, null, 2)}

Ctrl-C stops everything.
`;
}

function curl({ url, auth }: Addresses): string {
  const call = { name: 'query_users', arguments: { role: 'admin', limit: 3 } };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call });
  return [
    `curl -s ${url}`,
    `-H 'content-type: application/json'`,
    `-H 'accept: application/json, text/event-stream'`,
    ...(auth.length > 0 ? [`-H "authorization: Bearer $MILLRACE_API_KEY"`] : []),
    `-d '${body}'`,
  ].join(' \\\n  ');
}

function warning({ host, auth }: Addresses): string {
  if (auth.length > 0) return `Authentication: ${auth.join(', ')}. Make a key with: millrace keys create`;
  if (isLoopback(host)) {
    return `!! NO AUTHENTICATION. Bound to ${host}: every program on this machine may call every tool, nobody else can.`;
  }
  return `!! NO AUTHENTICATION, and bound to ${host}: EVERYBODY WHO REACHES THIS MACHINE MAY CALL EVERY TOOL.`;
}

function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password) shown.password = '***';
  return shown.href;
}
