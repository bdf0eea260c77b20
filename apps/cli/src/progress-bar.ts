import type { Terminal } from './command.ts';

const WIDTH = 30;
const CLEAR_LINE = '\r\u001b[2K';

/** A line on a terminal that shows how far something is; silent where nobody looks. */
export class ProgressBar {
  readonly #out: Terminal['errors'];
  #shown = false;

  constructor(out: Terminal['errors']) {
    this.#out = out;
  }

  /** @param total absent where nobody knows it: then the count alone is shown */
  show(done: number, total?: number, text = ''): void {
    if (!this.#out.isTTY) return;
    this.#shown = true;
    this.#out.write(`${CLEAR_LINE}${barText(done, total)} ${text}`.trimEnd());
  }

  clear(): void {
    if (this.#shown) this.#out.write(CLEAR_LINE);
    this.#shown = false;
  }
}

export function barText(done: number, total?: number): string {
  if (total === undefined || !(total > 0)) return `${done}`;
  const share = Math.min(1, Math.max(0, done / total));
  const full = Math.round(share * WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${Math.round(share * 100)} %`;
}
