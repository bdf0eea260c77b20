/** What stands for a secret. */
export const REDACTED = '[redacted]';

/** Names of members that hold a secret, wherever they stand. */
const SECRET_NAME =
  /pass(word|wd|phrase)|secret|token|api[-_]?key|authorization|cookie|credential|private[-_]?key|envelope[-_]?key|state[-_]?key|payload[-_]?keys/i;

/** Values that are a secret, whatever they are called: API keys, JSON Web Tokens, bearer tokens, private keys. */
const SECRET_VALUE =
  /mrk_\w+|\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*|\bBearer\s+\S+|-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** User and password in a URL. */
const URL_SECRET = /(\w+:\/\/)[^\s/@]+@/g;

const MAX_TEXT = 256;
const MAX_DEPTH = 6;
const MAX_ITEMS = 32;

/**
 * A value as it may be shown to others: without secrets, and cut where it is long.
 *
 * @param more names that are secret too
 */
export function redact(value: unknown, more: ReadonlySet<string> = new Set()): unknown {
  return redactBelow(value, more, 0);
}

/**
 * A value as it may be logged or printed: without secrets, and otherwise whole. What is neither a list nor a plain object,
 * such as an error, stays as it is.
 */
export function withoutSecrets(value: unknown): unknown {
  if (typeof value === 'string') return withoutSecretText(value);
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      hides(name, member) ? REDACTED : withoutSecrets(member),
    ]),
  );
}

/** What is empty tells nothing, and is worth knowing; numbers and switches that have to do with secrets are none. */
function hides(name: string, value: unknown): boolean {
  if (!SECRET_NAME.test(name) || value === '' || (Array.isArray(value) && value.length === 0)) return false;
  return typeof value === 'string' || (typeof value === 'object' && value !== null);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function withoutSecretText(text: string): string {
  return SECRET_VALUE.test(text) ? REDACTED : text.replace(URL_SECRET, `$1${REDACTED}@`);
}

function redactBelow(value: unknown, more: ReadonlySet<string>, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '…';
  if (Array.isArray(value))
    return value.slice(0, MAX_ITEMS).map((item) => redactBelow(item, more, depth + 1));
  const members = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(
    members.map(([name, member]) => {
      const isSecret = SECRET_NAME.test(name) || more.has(name);
      return [redactText(name), isSecret ? REDACTED : redactBelow(member, more, depth + 1)];
    }),
  );
}

/** Text without secrets, and cut where it is long. */
export function redactText(text: string): string {
  const plain = withoutSecretText(text);
  return plain.length > MAX_TEXT ? `${plain.slice(0, MAX_TEXT)}… (${plain.length})` : plain;
}
