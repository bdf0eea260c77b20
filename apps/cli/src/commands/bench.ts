import { EXIT, type Options, parseArguments, type RunCommand, UsageError } from '../command.ts';

const OPTIONS = {
  tool: { type: 'string', value: 'NAME', help: 'the tool to call; without one, tools/list is asked for' },
  args: { type: 'string', value: 'JSON', help: 'its arguments' },
  connections: { type: 'string', value: 'N', help: 'requests in flight at any time (50)' },
  duration: { type: 'string', value: 'SECONDS', help: 'how long (10)' },
  json: { type: 'boolean', help: 'print JSON for programs' },
} as const satisfies Options;

export const bench: RunCommand = {
  name: 'bench',
  summary: 'measure calls per second and their times',
  usage: ['[URL] [--tool NAME [--args JSON]] [--connections N] [--duration SECONDS] [--json]'],
  options: OPTIONS,
  notes: `It loads the cluster: think before you point it at one that is in use. The exit code is 1 when any request failed.
This process takes part of the machine that it runs on; for figures that count, run it on another one.`,
  examples: [
    ['bench http://127.0.0.1:8080/mcp --tool query_users --duration 5', 'the whole way to a worker and back'],
  ],
  async run(args, terminal) {
    const parsed = parseArguments(args, OPTIONS);
    if (parsed.positionals.length > 1) throw new UsageError('expected one URL');
    const { benchmark } = await import('../benchmark.ts');
    const { failed, text } = await benchmark(parsed, terminal);
    terminal.output.write(`${text}\n`);
    return failed ? EXIT.failed : EXIT.ok;
  },
};
