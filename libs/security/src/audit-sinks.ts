import { type FileHandle, open } from 'node:fs/promises';
import type { AuditSink } from './audit-log.ts';
import type { AuditLine } from './audit-record.ts';

/** Appends lines to a file, and waits until they are on the disk. */
export class FileAuditSink implements AuditSink {
  readonly #path: string;
  #file: Promise<FileHandle> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async write(lines: readonly AuditLine[]): Promise<void> {
    try {
      this.#file ??= open(this.#path, 'a', 0o600);
      const file = await this.#file;
      await file.appendFile(textOf(lines));
      await file.datasync();
    } catch (error) {
      // The next lines find out whether it can be opened by then.
      this.#file = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await (await this.#file)?.close();
    this.#file = undefined;
  }
}

/** Writes lines to standard output, or where else text goes. */
export class StreamAuditSink implements AuditSink {
  readonly #output: { write(text: string, done: (error?: Error | null) => void): unknown };

  constructor(output: { write(text: string, done: (error?: Error | null) => void): unknown }) {
    this.#output = output;
  }

  write(lines: readonly AuditLine[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#output.write(textOf(lines), (error) => (error ? reject(error) : resolve()));
    });
  }

  async close(): Promise<void> {
    return;
  }
}

function textOf(lines: readonly AuditLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}
