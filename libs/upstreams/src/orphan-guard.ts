import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads which process groups are there (`+ 42`) and which are gone (`- 42`), and ends those that are left when its
 * input ends: then whoever wrote has died without a chance to do so.
 */
const SCRIPT = `
trap '' HUP INT TERM
groups=
while read -r op group; do
  rest=
  for one in $groups; do [ "$one" = "$group" ] || rest="$rest $one"; done
  groups=$rest
  [ "$op" = + ] && groups="$groups $group"
done
for one in $groups; do kill -s TERM -- "-$one" 2>/dev/null; done
[ -n "$groups" ] && sleep 2
for one in $groups; do kill -s KILL -- "-$one" 2>/dev/null; done
exit 0`;

/**
 * Ends the processes of upstreams that a worker leaves behind when it is killed: a server that ignores the end of its
 * input would run for ever. One small shell does it, and is there only while there is something to guard.
 */
export class OrphanGuard {
  readonly #groups = new Set<number>();
  #shell: ChildProcess | undefined;

  /** @param group id of a process group */
  watch(group: number): void {
    this.#groups.add(group);
    if (this.#shell) this.#write(`+ ${group}\n`);
    else this.#start();
  }

  /** The group has ended. */
  release(group: number): void {
    if (!this.#groups.delete(group)) return;
    this.#write(`- ${group}\n`);
    if (this.#groups.size > 0) return;
    this.#shell?.stdin?.end();
    this.#shell = undefined;
  }

  #start(): void {
    // A group of its own: what ends the worker must not end its guard.
    const shell = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    this.#shell = shell;
    shell.unref();
    shell.stdin.on('error', () => undefined);
    shell.once('error', () => this.#lost(shell));
    shell.once('exit', () => this.#lost(shell));
    for (const group of this.#groups) this.#write(`+ ${group}\n`);
  }

  /** Somebody killed the guard. Without a shell on the machine there is none, and nothing more to be done. */
  #lost(shell: ChildProcess): void {
    if (this.#shell !== shell) return;
    this.#shell = undefined;
    if (shell.pid !== undefined && this.#groups.size > 0) this.#start();
  }

  #write(line: string): void {
    const input = this.#shell?.stdin;
    if (input?.writable) input.write(line);
  }
}
