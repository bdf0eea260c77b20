import type { RunCommand } from '../command.ts';

export const importServers: RunCommand = {
  name: 'import',
  summary: 'host the servers of an mcp.json or claude_desktop_config.json as tools of the workers',
  usage: ['FILE [--into CONFIG]'],
  options: {
    into: {
      type: 'string',
      value: 'CONFIG',
      help: 'put them into the file that MILLRACE_CONFIG names, instead of printing',
    },
  },
  examples: [
    ['import mcp.json --into millrace.json', 'then start workers with MILLRACE_CONFIG=millrace.json'],
  ],
  async run(args, { output, errors }) {
    const { runImport } = await import('../import.ts');
    return runImport(args, {
      print: (text) => output.write(`${text}\n`),
      complain: (text) => errors.write(`${text}\n`),
    });
  },
};
