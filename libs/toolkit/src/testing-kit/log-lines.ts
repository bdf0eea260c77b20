import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** One line that a process logged. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

interface Waiter {
  readonly matches: (line: LogLine) => boolean;
  readonly resolve: (line: LogLine) => void;
  readonly giveUp: () => void;
}

/** What a process logs, so that a test can wait for a line instead of for time to pass. */
export class LogLines {
  readonly all: LogLine[] = [];
  readonly #waiting = new Set<Waiter>();
  #ended = false;

  constructor(output: Readable) {
    const lines = createInterface({ input: output });
    lines.on('line', (line) => this.#take(read(line)));
    lines.on('close', () => this.#end());
  }

  /** The lines so far with this message and, among others, these fields. */
  having(msg: string, fields: Record<string, unknown> = {}): LogLine[] {
    return this.all.filter((line) => fits(line, msg, fields));
  }

  /** Resolves with the first such line, past or future. Rejects when the process ends without it. */
  async first(msg: string, fields: Record<string, unknown> = {}): Promise<LogLine> {
    return this.having(msg, fields)[0] ?? this.next(msg, fields);
  }

  /** Resolves with the next such line. Rejects when the process ends without it. */
  next(msg: string, fields: Record<string, unknown> = {}): Promise<LogLine> {
    const gone = new Error(`the process ended before it logged "${msg}" ${JSON.stringify(fields)}`);
    if (this.#ended) return Promise.reject(gone);
    return new Promise((resolve, reject) => {
      const matches = (line: LogLine) => fits(line, msg, fields);
      this.#waiting.add({ matches, resolve, giveUp: () => reject(gone) });
    });
  }

  #take(line: LogLine): void {
    this.all.push(line);
    for (const waiter of this.#waiting) {
      if (!waiter.matches(line)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve(line);
    }
  }

  #end(): void {
    this.#ended = true;
    for (const waiter of this.#waiting) waiter.giveUp();
    this.#waiting.clear();
  }
}

/** Tools print what they like. */
function read(line: string): LogLine {
  return line.startsWith('{') ? (JSON.parse(line) as LogLine) : { level: 'info', msg: line };
}

function fits(line: LogLine, msg: string, fields: Record<string, unknown>): boolean {
  return line.msg === msg && Object.entries(fields).every(([name, value]) => line[name] === value);
}
