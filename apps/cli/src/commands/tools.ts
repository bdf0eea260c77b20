import { EXIT, type Options, parseArguments, type RunCommand } from '../command.ts';

const OPTIONS = {
  url: { type: 'string', value: 'URL', help: 'MCP endpoint (MILLRACE_URL, or http://127.0.0.1:8080/mcp)' },
  json: { type: 'boolean', help: 'print the definitions as JSON' },
} as const satisfies Options;

export const tools: RunCommand = {
  name: 'tools',
  summary: 'list the tools that can be called',
  usage: ['[--url URL] [--json]'],
  options: OPTIONS,
  examples: [
    ['tools', 'names and descriptions'],
    ['tools --json', 'definitions, with their schemas'],
  ],
  async run(args, terminal) {
    const parsed = parseArguments(args, OPTIONS);
    const { withClient } = await import('../client-connection.ts');
    const { tableText } = await import('../table-text.ts');
    const list = await withClient(parsed, terminal, async (client) => (await client.listTools()).tools);
    const rows = list.map(({ name, description = '' }) => [name, description.split('\n')[0] ?? '']);
    const text = parsed.flag('json')
      ? JSON.stringify(list, undefined, 2)
      : tableText(['TOOL', 'DESCRIPTION'], rows, terminal.output.columns);
    terminal.output.write(`${text}\n`);
    return EXIT.ok;
  },
};
