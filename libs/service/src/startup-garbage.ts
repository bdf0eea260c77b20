import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { NODE_FLAGS } from './node-flags.ts';

type Collect = (options: { readonly type: 'major'; readonly flavor: 'last-resort' }) => void;

/**
 * Gives the memory back that loading the modules took: sources, their compilation, and room for both, 20 MB that V8
 * would keep for as long as the process lives. Takes some 50 ms, so it is for a start, before there is work, and for
 * processes that are to be small: those with the flags of `NODE_FLAGS`.
 *
 * @param flags that Node was started with
 */
export function collectStartupGarbage(flags: readonly string[]): void {
  if (!NODE_FLAGS.every((flag) => flags.includes(flag))) return;
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as Collect)({ type: 'major', flavor: 'last-resort' });
  setFlagsFromString('--no-expose-gc');
}
