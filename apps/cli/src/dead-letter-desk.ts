import { type DeadLetter, type LetterPage, type Operations, summaryOf, viewOf } from '@millrace/broker';
import { OperatorError } from '@millrace/service';
import { type Arguments, EXIT, type Terminal, UsageError } from './command.ts';
import { poolOf, withOperations } from './operations.ts';
import { tableText } from './table-text.ts';

const HEAD = ['ID', 'AT', 'TARGET', 'TENANT', 'CALLER', 'DEATHS', 'REASON'] as const;
const LIMIT = 100;
const TIMEOUT_S = 60;

/** What `millrace dead-letters` does with the letters of one pool. */
export class DeadLetterDesk {
  readonly #operations: Operations;
  readonly #pool: string;
  readonly #args: Arguments;
  readonly #terminal: Terminal;

  private constructor(operations: Operations, pool: string, args: Arguments, terminal: Terminal) {
    this.#operations = operations;
    this.#pool = pool;
    this.#args = args;
    this.#terminal = terminal;
  }

  /** @returns the exit code. @throws UsageError, UnreachableError */
  static async run(args: Arguments, terminal: Terminal): Promise<number> {
    const [action, name, ...ids] = args.positionals;
    const pool = poolOf(name);
    return withOperations(terminal.env, (operations) =>
      new DeadLetterDesk(operations, pool, args, terminal).#do(action, ids),
    );
  }

  async #do(action: string | undefined, ids: readonly string[]): Promise<number> {
    switch (action) {
      case 'list':
        return this.#list();
      case 'inspect':
        return this.#inspect(ids);
      case 'replay':
        return this.#each(ids, (id) => this.#replay(id));
      case 'delete':
        return this.#each(ids, (id) => this.#delete(id));
      default:
        throw new UsageError(`expected list, inspect, replay or delete, not "${action ?? ''}"`);
    }
  }

  async #list(): Promise<number> {
    const limit = this.#args.count('limit', LIMIT);
    const page = await this.#page(limit, this.#args.text('from'));
    const { letters, next } = page;
    if (this.#args.flag('json')) {
      return this.#print(JSON.stringify({ ...page, letters: letters.map(viewOf) }, undefined, 2));
    }
    this.#print(tableText(HEAD, letters.map(rowOf), this.#terminal.output.columns));
    if (next !== undefined) this.#print(`more: --from ${next}`);
    return EXIT.ok;
  }

  async #inspect([id, ...more]: readonly string[]): Promise<number> {
    if (id === undefined || more.length > 0) throw new UsageError('expected the id of one letter');
    return this.#print(JSON.stringify(viewOf(await this.#find(id)), undefined, 2));
  }

  async #replay(id: string): Promise<string> {
    const timeoutMs = this.#args.count('timeout', TIMEOUT_S) * 1_000;
    const call = await this.#operations.replay(this.#pool, id, timeoutMs);
    if (call === undefined) throw new OperatorError(`${id}: somebody else replays it at this moment`);
    return `replayed ${id} as ${call}`;
  }

  async #delete(id: string): Promise<string> {
    await this.#operations.letters.remove(this.#pool, id);
    return `deleted ${id}`;
  }

  async #each(ids: readonly string[], act: (id: string) => Promise<string>): Promise<number> {
    const all = this.#args.flag('all');
    if (all === ids.length > 0) throw new UsageError('expected ids of letters, or --all');
    for (const id of all ? await this.#allIds() : ids) {
      await this.#find(id);
      this.#print(await act(id));
    }
    return EXIT.ok;
  }

  /** Those that are there now: what is added meanwhile is not meant. */
  async #allIds(): Promise<string[]> {
    const ids: string[] = [];
    let from: string | undefined;
    do {
      const { letters, next } = await this.#page(LIMIT, from);
      ids.push(...letters.map(({ id }) => id));
      from = next;
    } while (from !== undefined);
    return ids;
  }

  #page(limit: number, from: string | undefined): Promise<LetterPage> {
    return this.#operations.letters.list(this.#pool, limit, from, this.#args.text('tenant'));
  }

  async #find(id: string): Promise<DeadLetter> {
    const letter = await this.#operations.letters.get(this.#pool, id, this.#args.text('tenant'));
    if (!letter) throw new OperatorError(`there is no dead letter ${id} in the pool ${this.#pool}`);
    return letter;
  }

  #print(text: string): number {
    this.#terminal.output.write(`${text}\n`);
    return EXIT.ok;
  }
}

function rowOf(letter: DeadLetter): string[] {
  const { id, at, call, tenant, deaths, reason } = summaryOf(letter);
  const caller = call.principal?.id ?? '-';
  return [id, new Date(at).toISOString(), call.target, tenant, caller, String(deaths), reason];
}
