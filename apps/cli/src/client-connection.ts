import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type Arguments, type Options, type Terminal, UnreachableError, UsageError } from './command.ts';
import { loadApiKey } from './config.ts';

const DEFAULT_URL = 'http://127.0.0.1:8080/mcp';

/** Options of every command that is a client of the cluster. */
export const CLIENT_OPTIONS = {
  url: {
    type: 'string',
    value: 'URL',
    help: `MCP endpoint of a front door (MILLRACE_URL, or ${DEFAULT_URL})`,
  },
  json: { type: 'boolean', help: 'print JSON for programs' },
} as const satisfies Options;

export const KEY_NOTE =
  'MILLRACE_API_KEY (or MILLRACE_API_KEY_FILE) is the key that it shows, where one is wanted.';

/** Where the cluster is. @throws UsageError */
export function endpointOf(given: string | undefined, env: Terminal['env'], option = '--url'): URL {
  const text = given ?? env['MILLRACE_URL'] ?? DEFAULT_URL;
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new UsageError(`${option}: "${text}" — expected http://HOST:PORT/mcp`);
}

export function credentialOf(env: Terminal['env']): Readonly<Record<string, string>> {
  const key = loadApiKey(env);
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}

/** Connects the official client, works with it and closes it. @throws UnreachableError when nobody answers */
export async function withClient<T>(
  args: Arguments,
  { env }: Pick<Terminal, 'env'>,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const url = endpointOf(args.text('url'), env);
  const client = new Client(
    { name: 'millrace-cli', version: '0.1.0' },
    { versionNegotiation: { mode: 'auto' } },
  );
  const transport = new StreamableHTTPClientTransport(url, { requestInit: { headers: credentialOf(env) } });
  try {
    await client.connect(transport);
  } catch (cause) {
    throw new UnreachableError(`${url} does not answer as an MCP server: ${reasonOf(cause)}`, { cause });
  }
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** `fetch failed` says nothing; its cause does. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error as { cause?: { code?: string; message?: string } };
  return cause?.code ?? (cause?.message || error.message);
}
