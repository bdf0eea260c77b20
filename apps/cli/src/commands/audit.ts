import { EXIT, type Options, parseArguments, type RunCommand, UsageError } from '../command.ts';

const OPTIONS = {
  file: { type: 'string', value: 'PATH', help: 'read this file instead of the Redis of the cluster' },
  lines: { type: 'string', value: 'N', help: 'how many of the newest lines tail prints (20)' },
  follow: { type: 'boolean', help: 'tail goes on with what comes' },
  json: { type: 'boolean', help: 'print whole lines as JSON' },
} as const satisfies Options;

export const audit: RunCommand = {
  name: 'audit',
  summary: 'show the audit log, and find out whether somebody changed it',
  words: ['verify', 'tail'],
  usage: ['verify [--file PATH]', 'tail [--lines N] [--follow] [--file PATH] [--json]'],
  options: OPTIONS,
  notes: `REDIS_URL and MILLRACE_ENVELOPE_KEY name the cluster, as for its front doors. The exit code of verify is 1 when a line was
removed or changed.`,
  examples: [
    ['audit verify', 'one line for each problem'],
    ['audit tail --follow', 'what is done at this moment'],
  ],
  async run(args, terminal) {
    const parsed = parseArguments(args, OPTIONS);
    const [action, ...more] = parsed.positionals;
    if ((action !== 'verify' && action !== 'tail') || more.length > 0)
      throw new UsageError('expected verify or tail');
    const { tailAudit, verifyAuditLog } = await import('../audit.ts');
    const passed = await (action === 'verify'
      ? verifyAuditLog(parsed, terminal)
      : tailAudit(parsed, terminal));
    return passed ? EXIT.ok : EXIT.failed;
  },
};
