import { EXIT, type Options, parseArguments, type RunCommand } from '../command.ts';

const OPTIONS = {
  url: { type: 'string', value: 'URL', help: 'MCP endpoint (MILLRACE_URL, or http://127.0.0.1:8080/mcp)' },
  admin: { type: 'string', value: 'URL', help: 'admin port of the front door (http://127.0.0.1:9090)' },
  json: { type: 'boolean', help: 'print JSON for programs' },
} as const satisfies Options;

export const doctor: RunCommand = {
  name: 'doctor',
  summary: 'find out what is wrong with an installation, and what to do',
  usage: ['[--url URL] [--admin URL] [--json]'],
  options: OPTIONS,
  notes: `Looks at Node, at the Redis that REDIS_URL names (version, policy, memory, distance, clock), at the workers, at the
front door and at who may use it. The exit code is 1 when something is wrong; warnings alone do not count.`,
  examples: [['doctor    # with REDIS_URL', 'one line for each finding, with what to do']],
  async run(args, terminal) {
    const parsed = parseArguments(args, OPTIONS);
    const { examine } = await import('../examination.ts');
    const findings = await examine(parsed, terminal.env);
    const text = parsed.flag('json')
      ? JSON.stringify(findings, undefined, 2)
      : findings
          .map(({ level, what, advice }) => `${MARKS[level]} ${what}${advice ? `\n     → ${advice}` : ''}`)
          .join('\n');
    terminal.output.write(`${text}\n`);
    return findings.some(({ level }) => level === 'wrong') ? EXIT.failed : EXIT.ok;
  },
};

const MARKS = { good: 'ok  ', doubtful: 'warn', wrong: 'FAIL' } as const;
