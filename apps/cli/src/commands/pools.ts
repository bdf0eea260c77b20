import { type Options, parseArguments, type RunCommand } from '../command.ts';

const OPTIONS = {
  json: { type: 'boolean', help: 'print JSON for programs' },
  wait: { type: 'boolean', help: 'with drain: until nothing of the pool waits or runs any more' },
} as const satisfies Options;

export const pools: RunCommand = {
  name: 'pools',
  summary: 'list, pause, resume and drain the pools of a cluster',
  words: ['list', 'pause', 'resume', 'drain'],
  usage: ['[list] [--json]', 'pause POOL', 'resume POOL', 'drain POOL [--wait]'],
  options: OPTIONS,
  notes: 'REDIS_URL (and MILLRACE_PREFIX) name the cluster.',
  examples: [
    ['pools', 'how many calls wait and run, and on how many slots'],
    ['pools drain images --wait', 'takes no new calls, and runs empty'],
  ],
  async run(args, terminal) {
    const { runPools } = await import('../pools.ts');
    return runPools(parseArguments(args, OPTIONS), terminal);
  },
};
