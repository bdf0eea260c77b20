import { isJsonObject, type JsonObject } from '@millrace/protocol';
import { ConfigError } from '@millrace/service';
import type { UpstreamInput } from './settings.ts';

export interface ImportedServers {
  readonly upstreams: Readonly<Record<string, UpstreamInput>>;
  /** What was left out, and why. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  /** Variables that the worker needs, because the file asks its user for them. */
  readonly variables: readonly string[];
}

/** What the files of the known clients call the list of their servers. */
const LISTS = ['mcpServers', 'servers', 'context_servers'] as const;

/** `${input:api-key}`, as VS Code asks its user for a value. */
const INPUT = /\$\{input:([^}]+)\}/g;

/**
 * Makes upstreams of the servers that an MCP client has in its configuration: `mcp.json`, `claude_desktop_config.json`
 * and the like.
 *
 * @param file name of the file, for errors
 * @throws ConfigError when it is no such file
 */
export function importServers(text: string, file: string): ImportedServers {
  const servers = Object.entries(listOf(parse(text, file), file));
  const skipped: { name: string; reason: string }[] = [];
  const variables = new Set<string>();
  const upstreams: Record<string, UpstreamInput> = {};
  for (const [given, server] of servers) {
    const name = given.replaceAll(/[^\w.-]+/g, '-').slice(0, 64);
    const reason = Object.hasOwn(upstreams, name) ? 'there is another of that name' : whyNot(server);
    if (reason !== undefined) skipped.push({ name: given, reason });
    else {
      // Servers that know nothing of each other often have tools of the same name.
      const prefix = servers.length > 1 ? { prefix: `${name}_` } : {};
      upstreams[name] = { ...toUpstream(withoutInputs(server as JsonObject, variables)), ...prefix };
    }
  }
  return { upstreams, skipped, variables: [...variables] };
}

function parse(text: string, file: string): JsonObject {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`${file}: ${(cause as Error).message}`, { cause });
  }
  if (isJsonObject(content)) return content;
  throw new ConfigError(`${file}: expected a JSON object`);
}

function listOf(content: JsonObject, file: string): JsonObject {
  const { mcp } = content;
  const places = isJsonObject(mcp) ? [content, mcp] : [content];
  for (const place of places) {
    for (const list of LISTS) if (isJsonObject(place[list])) return place[list];
  }
  throw new ConfigError(`${file}: expected an object with ${LISTS.join(' or ')}`);
}

function whyNot(server: unknown): string | undefined {
  if (!isJsonObject(server)) return 'it is no object';
  if (server['disabled'] === true || server['enabled'] === false) return 'it is disabled';
  if (server['type'] === 'sse')
    return 'SSE alone is an old transport that is not hosted: use its Streamable HTTP address';
  if (typeof server['command'] === 'string' || addressOf(server) !== undefined) return undefined;
  return 'it has neither a command nor a url';
}

/** Clients differ in what they call it. */
function addressOf(server: JsonObject): string | undefined {
  return ['url', 'httpUrl', 'serverUrl'].map((key) => server[key]).find((value) => typeof value === 'string');
}

function toUpstream(server: JsonObject): UpstreamInput {
  const { command, args, env, cwd, headers } = server;
  if (typeof command === 'string') {
    return {
      command,
      ...(Array.isArray(args) && args.length > 0 && { args: args.map(String) }),
      ...(isJsonObject(env) && { env: texts(env) }),
      ...(typeof cwd === 'string' && { cwd }),
    };
  }
  return { url: addressOf(server) as string, ...(isJsonObject(headers) && { headers: texts(headers) }) };
}

function texts(values: JsonObject): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)]));
}

/** A worker has no user to ask: what was asked for becomes a variable of its environment. */
function withoutInputs(server: JsonObject, variables: Set<string>): JsonObject {
  const text = JSON.stringify(server).replaceAll(INPUT, (_, id: string) => {
    const variable = id.replaceAll(/\W+/g, '_').toUpperCase();
    variables.add(variable);
    return `\${${variable}}`;
  });
  return JSON.parse(text) as JsonObject;
}
