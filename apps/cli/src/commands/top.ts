import { EXIT, type Options, parseArguments, type RunCommand } from '../command.ts';

const OPTIONS = {
  admin: {
    type: 'string',
    multiple: true,
    value: 'URL',
    help: 'admin port of a front door, for rates and times (http://127.0.0.1:9090); one for each',
  },
  interval: { type: 'string', value: 'SECONDS', help: 'between two pictures (1)' },
  once: { type: 'boolean', help: 'one picture, and no more' },
  json: { type: 'boolean', help: 'a line of JSON for each picture' },
} as const satisfies Options;

export const top: RunCommand = {
  name: 'top',
  summary: 'watch pools, backlog, rates, times and breakers, live',
  usage: ['[--admin URL]… [--interval SECONDS] [--once] [--json]'],
  options: OPTIONS,
  notes: 'REDIS_URL (and MILLRACE_PREFIX) name the cluster. Ctrl-C ends it.',
  examples: [
    ['top --admin http://10.0.0.4:9090 --admin http://10.0.0.5:9090', 'over two front doors'],
    ['top --once --json', 'for programs'],
  ],
  async run(args, terminal) {
    const parsed = parseArguments(args, OPTIONS);
    const { LiveView } = await import('../live-view.ts');
    await new LiveView(parsed, terminal).run();
    return EXIT.ok;
  },
};
