import { type Options, parseArguments, type RunCommand, UsageError } from '../command.ts';

const OPTIONS = {
  arg: {
    type: 'string',
    multiple: true,
    value: 'NAME=VALUE',
    help: 'an argument; may be given several times',
  },
  args: { type: 'string', value: 'JSON', help: 'all arguments as one JSON object' },
  timeout: { type: 'string', value: 'SECONDS', help: 'how long to wait for the result (60)' },
  url: { type: 'string', value: 'URL', help: 'MCP endpoint (MILLRACE_URL, or http://127.0.0.1:8080/mcp)' },
  json: { type: 'boolean', help: 'print the whole result as JSON' },
} as const satisfies Options;

export const call: RunCommand = {
  name: 'call',
  summary: 'call a tool and print its result',
  usage: ['TOOL [--arg NAME=VALUE]… [--args JSON] [--url URL] [--json]'],
  options: OPTIONS,
  notes: `A value is read as the tool's schema wants it: --arg count=3 is a number where a number is wanted.
The exit code is 1 when the tool fails. MILLRACE_API_KEY is the key that it shows, where one is wanted.`,
  examples: [
    ['call query_users --arg role=admin', 'the text of the result'],
    [`call query_users --args '{"limit": 3}' --json`, 'the whole result'],
  ],
  async run(args, terminal) {
    const parsed = parseArguments(args, OPTIONS);
    const [tool, ...more] = parsed.positionals;
    if (tool === undefined || more.length > 0) throw new UsageError('expected the name of one tool');
    const { callTool } = await import('../tool-call.ts');
    return callTool(tool, parsed, terminal);
  },
};
