/** Cuts what a process prints into lines, whatever the pieces in which it comes. */
export class LineSplitter {
  readonly #mostBytes: number;
  readonly #onLine: (line: string) => void;
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(mostBytes: number, onLine: (line: string) => void) {
    this.#mostBytes = mostBytes;
    this.#onLine = onLine;
  }

  /** @throws RangeError when a line is longer than it may be */
  push(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      this.#take(chunk.subarray(from, end));
      from = end + 1;
      const line = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
      this.#pieces = [];
      this.#bytes = 0;
      this.#onLine(line.toString('utf8'));
    }
    if (from < chunk.length) this.#take(chunk.subarray(from));
  }

  #take(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes > this.#mostBytes) {
      throw new RangeError(`a line is longer than ${this.#mostBytes} bytes`);
    }
    this.#pieces.push(piece);
  }
}
