import { type Options, parseArguments, type RunCommand } from '../command.ts';

const OPTIONS = {
  json: { type: 'boolean', help: 'print JSON for programs' },
  limit: { type: 'string', value: 'N', help: 'letters on one page (100)' },
  from: { type: 'string', value: 'ID', help: 'where the page begins' },
  tenant: { type: 'string', value: 'NAME', help: 'only letters of this tenant; others are not found' },
  all: { type: 'boolean', help: 'replay or delete all letters of the pool, or of the tenant' },
  timeout: { type: 'string', value: 'SECONDS', help: 'how long a replayed call may take (60)' },
} as const satisfies Options;

export const deadLetters: RunCommand = {
  name: 'dead-letters',
  summary: 'list, inspect, replay and delete calls that were given up',
  words: ['list', 'inspect', 'replay', 'delete'],
  usage: [
    'list POOL [--tenant NAME] [--limit N] [--from ID] [--json]',
    'inspect POOL ID [--tenant NAME]',
    'replay POOL ID … | --all [--tenant NAME] [--timeout SECONDS]',
    'delete POOL ID … | --all [--tenant NAME]',
  ],
  options: OPTIONS,
  notes:
    'REDIS_URL (and MILLRACE_PREFIX) name the cluster; where callers are authenticated, replay needs MILLRACE_ENVELOPE_KEY.',
  examples: [
    ['dead-letters list default', 'which calls were given up, and why'],
    ['dead-letters replay default 1764-0', 'makes the call once more'],
  ],
  async run(args, terminal) {
    const { DeadLetterDesk } = await import('../dead-letter-desk.ts');
    return DeadLetterDesk.run(parseArguments(args, OPTIONS), terminal);
  },
};
