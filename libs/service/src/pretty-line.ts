const HIDDEN = new Set(['level', 'time', 'name', 'msg', 'err', 'error']);

/** Turns one JSON log line into one for people: time, level, name, message, other fields, then the stack of an error. */
export function prettyLine(json: string): string {
  const entry = JSON.parse(json) as Record<string, unknown>;
  const time = String(entry['time']).slice(11, 23);
  const level = String(entry['level']).toUpperCase().padEnd(5);
  const head = `${time} ${level} ${entry['name']}: ${entry['msg'] ?? ''}`;
  return `${[head, ...fields(entry)].join(' ')}\n${trace(entry['err'] ?? entry['error'])}`;
}

function fields(entry: Record<string, unknown>): string[] {
  return Object.entries(entry)
    .filter(([key]) => !HIDDEN.has(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
}

function trace(error: unknown): string {
  if (error === undefined) return '';
  const { stack, message } = Object(error) as { stack?: string; message?: string };
  return `  ${(stack ?? message ?? String(error)).replaceAll('\n', '\n  ')}\n`;
}
