import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * How Node runs a front door or a worker. Nearly everything they make lives for one call only.
 *
 * - V8 would put objects of places in the code whose objects often outlive a collection straight among the old ones.
 *   While a hundred calls are in flight at any time that is true of nearly every place, and each such object keeps its
 *   whole finished call from being collected: the same code then takes twice the processor time, from one start to
 *   the next. So that guess is switched off.
 * - Left alone, V8 lets the young generation grow to 130 MB and collects the old one late. With a young generation of
 *   a fixed, small size, and old garbage collected once it is a quarter of what lives, they stay under 150 MB.
 * - V8 compiles a busy function twice, in haste with Maglev and for good after 3,000 calls. Until then it puts every
 *   function that is assigned to a member straight among the old objects: ioredis does that for each command, and each
 *   one kept the data of its batch from being collected. What runs once for a batch would take long to get there, so
 *   it is done after 400 calls. Doing it in haste before is then not worth the 10 to 20 MB of holes that this leaves.
 */
export const NODE_FLAGS: readonly string[] = [
  '--no-allocation-site-pretenuring',
  '--min-semi-space-size=8',
  '--max-semi-space-size=8',
  '--heap-growing-percent=25',
  '--no-maglev',
  '--invocation-count-for-turbofan=400',
];

/**
 * What Node finds in its environment.
 *
 * - Compiled modules are kept between starts: a process is up sooner and 25 MB smaller, without the TypeScript loader.
 * - Left alone, glibc gives each thread an arena of its own and, from the first large block on, keeps what is freed:
 *   10 MB and more that nobody uses. The threshold is above the 64 kB that Node reads a socket with, which are not
 *   worth a system call.
 */
export const NODE_ENVIRONMENT: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '98304',
  NODE_COMPILE_CACHE: join(tmpdir(), 'millrace-compile-cache'),
};
