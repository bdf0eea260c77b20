import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultName } from './fault-names.ts';

/** Times are milliseconds since the epoch: all processes of a run share one clock. */
export type Entry =
  /** A tool began to run. Written by the tool itself, before anything else. */
  | {
      readonly kind: 'begin';
      readonly call: string;
      readonly run: string;
      readonly pid: number;
      readonly at: number;
    }
  | { readonly kind: 'end'; readonly call: string; readonly run: string; readonly at: number }
  /** A producer is about to make a call, or to make it again. */
  | {
      readonly kind: 'sent';
      readonly call: string;
      readonly attempt: number;
      readonly idempotent: boolean;
      readonly door: number;
      readonly producer: string;
      readonly at: number;
    }
  /** What came back: `result`, or the name of an error; `deaths` where it was given up after so many deaths of workers. */
  | {
      readonly kind: 'answer';
      readonly call: string;
      readonly attempt: number;
      readonly outcome: string;
      readonly deaths?: number;
      readonly at: number;
    }
  /** The front door did not take the call: it was not there. */
  | { readonly kind: 'refused'; readonly call: string; readonly attempt: number; readonly at: number }
  /** The connection broke before an answer came: the client knows that it does not know. */
  | { readonly kind: 'broken'; readonly call: string; readonly attempt: number; readonly at: number }
  /** Nothing came back, long past the deadline. */
  | { readonly kind: 'hung'; readonly call: string; readonly attempt: number; readonly at: number }
  /** The producer got the handle of a task for its call. */
  | { readonly kind: 'task'; readonly call: string; readonly task: string; readonly at: number }
  /** How a task ended; `lost` when it was gone, or never ended. */
  | { readonly kind: 'task-end'; readonly call: string; readonly status: string; readonly at: number }
  /** The producer has done with the call. */
  | { readonly kind: 'done'; readonly call: string; readonly at: number }
  /** A fault was made; `until` where it lasts. */
  | {
      readonly kind: 'fault';
      readonly fault: FaultName;
      readonly at: number;
      readonly until?: number;
      readonly door?: number;
    }
  /** A worker is dead. */
  | { readonly kind: 'death'; readonly pid: number; readonly at: number }
  /** The producers make nothing new from now on. */
  | { readonly kind: 'finish'; readonly at: number }
  /** Redis takes commands again after it was down. */
  | { readonly kind: 'redis-back'; readonly at: number };

/**
 * What one process saw, in a file of its own: a line is whole once `write` returns, also when the process is killed
 * right after, and nobody waits for a lock that a stopped process holds.
 */
export class LedgerWriter {
  readonly #file: number;

  constructor(directory: string, name: string) {
    this.#file = openSync(join(directory, `${name}-${process.pid}.ndjson`), 'a');
  }

  write(entry: Entry): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** All that was written into a directory, in the order of time. */
export function readLedger(directory: string): Entry[] {
  const entries = readdirSync(directory)
    .filter((name) => name.endsWith('.ndjson'))
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry);
  return entries.sort((a, b) => a.at - b.at);
}
