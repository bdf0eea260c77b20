import type { Entry } from './ledger.ts';

export type EntryOf<Kind extends Entry['kind']> = Extract<Entry, { kind: Kind }>;

/** All that the ledger knows of one call. */
export class CallHistory {
  readonly call: string;
  readonly sent: EntryOf<'sent'>[] = [];
  readonly answers: EntryOf<'answer'>[] = [];
  readonly begins: EntryOf<'begin'>[] = [];
  readonly ends = new Set<string>();
  readonly breaks: EntryOf<'broken'>[] = [];
  readonly entries: Entry[] = [];
  task: EntryOf<'task'> | undefined;
  taskEnd: EntryOf<'task-end'> | undefined;
  hung = false;
  done = false;

  constructor(call: string) {
    this.call = call;
  }

  get idempotent(): boolean {
    return this.sent.some(({ idempotent }) => idempotent);
  }

  /**
   * Whether the client was told in the end that it is not known what became of the call, or saw its connection break.
   * What it was told before that counts for nothing: it was also told that it may make the call again.
   */
  get told(): boolean {
    const last = this.answers.at(-1);
    return this.breaks.length > 0 || (last !== undefined && UNKNOWN.has(last.outcome));
  }

  add(entry: Entry): void {
    this.entries.push(entry);
    if (entry.kind === 'sent') this.sent.push(entry);
    else if (entry.kind === 'answer') this.answers.push(entry);
    else if (entry.kind === 'begin') this.begins.push(entry);
    else if (entry.kind === 'end') this.ends.add(entry.run);
    else if (entry.kind === 'task') this.task = entry;
    else if (entry.kind === 'task-end') this.taskEnd = entry;
    else if (entry.kind === 'hung') this.hung = true;
    else if (entry.kind === 'broken') this.breaks.push(entry);
    else if (entry.kind === 'done') this.done = true;
  }
}

/** Errors that say that the call may have been run. */
const UNKNOWN = new Set(['worker_lost', 'outcome_unknown', 'deadline_exceeded', 'shutting_down']);

/** The calls of a run by their ids. */
export function historiesOf(entries: readonly Entry[]): CallHistory[] {
  const histories = new Map<string, CallHistory>();
  for (const entry of entries) {
    if (!('call' in entry)) continue;
    const known = histories.get(entry.call);
    const history = known ?? new CallHistory(entry.call);
    if (!known) histories.set(entry.call, history);
    history.add(entry);
  }
  return [...histories.values()];
}
