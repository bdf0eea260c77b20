import type { Command } from './command.ts';
import { audit } from './commands/audit.ts';
import { bench } from './commands/bench.ts';
import { call } from './commands/call.ts';
import { completionOf } from './commands/completion.ts';
import { config } from './commands/config.ts';
import { deadLetters } from './commands/dead-letters.ts';
import { doctor } from './commands/doctor.ts';
import { importServers } from './commands/import.ts';
import { keys } from './commands/keys.ts';
import { pools } from './commands/pools.ts';
import { stdio } from './commands/stdio.ts';
import { tools } from './commands/tools.ts';
import { top } from './commands/top.ts';
import { up } from './commands/up.ts';
import { workers } from './commands/workers.ts';

/**
 * All commands, in the order of the help. What stands here is light; what a command needs to run, it imports then, so
 * that none waits for another's.
 */
export const COMMANDS: readonly Command[] = [
  up,
  call,
  tools,
  workers,
  pools,
  deadLetters,
  top,
  bench,
  doctor,
  stdio,
  importServers,
  keys,
  audit,
  config,
  completionOf(() => COMMANDS),
];
