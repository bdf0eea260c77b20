import type { PluginLog } from '@millrace/toolkit';

/** Lines that are kept for the message of a failure. */
const TAIL = 20;
const MOST_CHARACTERS = 1_000;
const WINDOW_MS = 1_000;
/** Shorter values are no secrets, and would make holes in every text. */
const LEAST_SECRET = 6;

export interface OutputLogOptions {
  readonly log: PluginLog;
  /** Stand in every line. */
  readonly fields: object;
  readonly linesPerSecond: number;
  /** Values that must not be shown, such as tokens. */
  readonly secrets: readonly string[];
  readonly now?: () => number;
}

/** What a process prints for people: logged at a bounded rate, and its last lines kept to explain its failure. */
export class OutputLog {
  readonly #options: OutputLogOptions;
  readonly #secrets: readonly string[];
  readonly #now: () => number;
  readonly #tail: string[] = [];
  #rest = '';
  #windowEnd = 0;
  #logged = 0;
  #dropped = 0;

  constructor(options: OutputLogOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#secrets = options.secrets.filter((secret) => secret.length >= LEAST_SECRET);
  }

  /** The last lines, the newest last. */
  get tail(): readonly string[] {
    return this.#rest.trim() === '' ? this.#tail : [...this.#tail, this.#clean(this.#rest)].slice(-TAIL);
  }

  /** @param text as it came from the process, cut anywhere */
  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    // A line without an end must not grow for ever.
    this.#rest = (lines.pop() ?? '').slice(-MOST_CHARACTERS);
    this.#roll();
    // What is neither logged nor kept is not even looked at: a flood must cost nothing.
    const room = Math.max(0, this.#options.linesPerSecond - this.#logged);
    for (const line of lines.slice(0, room)) this.#log(this.#clean(line));
    this.#dropped += Math.max(0, lines.length - room);
    this.#tail.push(...lines.slice(-TAIL).map((line) => this.#clean(line)));
    this.#tail.splice(0, this.#tail.length - TAIL);
  }

  /** Tells what was left out, when the process has ended. */
  end(): void {
    if (this.#rest !== '') this.push('\n');
    this.#tellDropped();
  }

  #roll(): void {
    const now = this.#now();
    if (now < this.#windowEnd) return;
    this.#tellDropped();
    this.#windowEnd = now + WINDOW_MS;
    this.#logged = 0;
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    this.#options.log.warn(
      { ...this.#options.fields, lines: this.#dropped },
      'lines of an upstream were left out',
    );
    this.#dropped = 0;
  }

  #log(line: string): void {
    this.#logged += 1;
    if (line !== '') this.#options.log.info({ ...this.#options.fields, line }, 'an upstream said');
  }

  #clean(line: string): string {
    let clean = line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, '***');
    return clean.trimEnd();
  }
}
