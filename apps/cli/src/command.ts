import type { Readable, Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { type Main, OperatorError } from '@millrace/service';

/** Where a command reads and writes; only `main.ts` knows the process. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input: Readable;
  readonly output: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly errors: Writable & { readonly isTTY?: boolean };
  /** Aborted by Ctrl-C: a command that goes on until then ends, and gives its exit code. */
  readonly interrupted: AbortSignal;
}

/** An option, said once: for parsing, for help and for completion. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  /** What stands for the value in help; absent for a boolean. */
  readonly value?: string;
  readonly help: string;
}

export type Options = Readonly<Record<string, Option>>;

interface CommandText {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** What stands after the name, one line for each way to use it. */
  readonly usage: readonly string[];
  readonly options?: Options;
  /** Words that may come first, for completion. */
  readonly words?: readonly string[];
  /** More to say in its help. */
  readonly notes?: string;
  /** What stands after `millrace`, each with a few words on what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[];
}

/** A command that does its work and is done; gives its exit code. */
export interface RunCommand extends CommandText {
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}

/** A command that serves until it is stopped by a signal. */
export interface ServeCommand extends CommandText {
  serve(args: readonly string[], terminal: Terminal): Promise<Main>;
}

export type Command = RunCommand | ServeCommand;

/** What a command ends with. */
export const EXIT = {
  ok: 0,
  /** It was done, and the answer is an error or a finding. */
  failed: 1,
  /** The arguments are wrong. */
  usage: 2,
  /** The cluster cannot be reached. */
  unreachable: 3,
} as const;

/** Arguments that are wrong; told with the way to use the command. */
export class UsageError extends OperatorError {
  override readonly name = 'UsageError';
}

/** The cluster does not answer where it was looked for. */
export class UnreachableError extends OperatorError {
  override readonly name = 'UnreachableError';
}

export interface Arguments {
  readonly positionals: readonly string[];
  /** The last value of an option. */
  text(option: string): string | undefined;
  /** All values of an option. */
  texts(option: string): readonly string[];
  flag(option: string): boolean;
  /** A whole number from `min` on. @throws UsageError */
  count(option: string, unless: number, min?: number): number;
}

/** @throws UsageError for an option that the command does not have */
export function parseArguments(args: readonly string[], options: Options = {}): Arguments {
  const { values, positionals } = parse(args, options);
  const texts = (option: string) => [values[option] ?? []].flat().map(String);
  const text = (option: string) => texts(option).at(-1);
  return {
    positionals,
    text,
    texts,
    flag: (option) => values[option] === true,
    count: (option, unless, min = 1) => {
      const given = text(option);
      if (given === undefined) return unless;
      if (/^\d{1,9}$/.test(given) && Number(given) >= min) return Number(given);
      throw new UsageError(`--${option}: "${given}" — expected a whole number, ${min} or more`);
    },
  };
}

function parse(args: readonly string[], options: Options) {
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { type, multiple = false }]) => [name, { type, multiple }]),
  );
  try {
    return parseArgs({ args: [...args], options: config, allowPositionals: true });
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}
