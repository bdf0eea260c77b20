/** Rows as columns of text, each as wide as its widest cell; the last one is cut to what the terminal has left. */
export function tableText(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns = Number.POSITIVE_INFINITY,
): string {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  return [head, ...rows].map((row) => lineOf(row, widths, columns)).join('\n');
}

function lineOf(row: readonly string[], widths: readonly number[], columns: number): string {
  const line = row
    .map((cell, at) => cell.padEnd(widths[at] ?? 0))
    .join('  ')
    .trimEnd();
  return line.length > columns ? `${line.slice(0, Math.max(1, columns - 1))}…` : line;
}
