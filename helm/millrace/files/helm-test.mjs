/**
 * What `helm test` runs: connects as an MCP client, lists the tools, and calls one.
 *
 * MILLRACE_URL         the MCP endpoint
 * MILLRACE_TOOL        the tool to call; only lists when empty
 * MILLRACE_ARGUMENTS   its arguments, JSON
 * MILLRACE_TEST_AUTHORIZATION  the `Authorization` header, if any
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

/** Pods of a new release may still be starting. */
const PATIENCE_MS = 60_000;

const {
  MILLRACE_URL,
  MILLRACE_TOOL: tool,
  MILLRACE_ARGUMENTS,
  MILLRACE_TEST_AUTHORIZATION: authorization,
} = process.env;

function say(line) {
  process.stdout.write(`${line}\n`);
}

async function attempt() {
  const client = new Client(
    { name: 'helm-test', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' } },
  );
  const requestInit = authorization ? { headers: { authorization } } : {};
  try {
    await client.connect(new StreamableHTTPClientTransport(new URL(MILLRACE_URL), { requestInit }));
    const { tools } = await client.listTools();
    if (tools.length === 0) throw new Error('no worker serves a tool yet');
    say(`tools: ${tools.map(({ name }) => name).join(', ')}`);
    if (!tool) return;
    const answer = await client.callTool({ name: tool, arguments: JSON.parse(MILLRACE_ARGUMENTS || '{}') });
    if (answer.isError) throw new Error(`${tool} answered with an error: ${JSON.stringify(answer.content)}`);
    say(`${tool}: ${JSON.stringify(answer.content)}`);
  } finally {
    await client.close();
  }
}

const until = Date.now() + Number(process.env.MILLRACE_PATIENCE_MS ?? PATIENCE_MS);
while (true) {
  try {
    await attempt();
    break;
  } catch (error) {
    if (Date.now() > until || /\b401\b|unauthorized/i.test(error.message)) throw error;
    say(`not yet: ${error.message}`);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
