import { setTimeout as pause } from 'node:timers/promises';
import type { Operations, PoolStanding } from '@millrace/broker';
import { type Arguments, EXIT, type Terminal, UsageError } from './command.ts';
import { poolOf, withOperations } from './operations.ts';
import { tableText } from './table-text.ts';

const HEAD = ['POOL', 'STATE', 'WAITING', 'RUNNING', 'SLOTS', 'WORKERS', 'DEAD LETTERS'] as const;

/** How often a pool that is waited for is looked at, in milliseconds. */
const LOOK_MS = 250;

/** What `millrace pools` does. @returns the exit code. @throws UsageError, UnreachableError */
export async function runPools(args: Arguments, terminal: Terminal): Promise<number> {
  const [action = 'list', name, ...more] = args.positionals;
  if (more.length > 0) throw new UsageError('expected one pool');
  if (action === 'list')
    return withOperations(terminal.env, (operations) => list(operations, args, terminal));
  if (action !== 'pause' && action !== 'resume' && action !== 'drain') {
    throw new UsageError(`expected list, pause, resume or drain, not "${action}"`);
  }
  const pool = poolOf(name);
  return withOperations(terminal.env, async (operations) => {
    await operations.pools[action](pool);
    if (action === 'drain' && args.flag('wait')) return untilEmpty(operations, pool, terminal);
    return tell(await operations.standing(pool), terminal);
  });
}

async function list(operations: Operations, args: Arguments, { output }: Terminal): Promise<number> {
  const pools = await operations.standings();
  const text = args.flag('json')
    ? JSON.stringify(pools, undefined, 2)
    : tableText(HEAD, pools.map(rowOf), output.columns);
  output.write(`${text}\n`);
  return EXIT.ok;
}

/** Until Ctrl-C at most, which leaves the order as it is. */
async function untilEmpty(operations: Operations, pool: string, terminal: Terminal): Promise<number> {
  for (;;) {
    const standing = await operations.standing(pool);
    if (standing.waiting + standing.active === 0) return tell(standing, terminal);
    if (terminal.interrupted.aborted) return EXIT.failed;
    await pause(LOOK_MS);
  }
}

function tell(standing: PoolStanding, { output }: Terminal): number {
  const { pool, state, waiting, active, workers } = standing;
  const nobody = workers === 0 ? '; no live worker serves it now' : '';
  output.write(`${pool} is ${state}: ${waiting} calls wait, ${active} run${nobody}\n`);
  return EXIT.ok;
}

function rowOf(one: PoolStanding): string[] {
  const { pool, state, waiting, active, slots, workers, deadLetters } = one;
  return [pool, state, ...[waiting, active, slots, workers, deadLetters].map(String)];
}
