import type { Random } from '../chaos/random.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Texts that have broken somebody's program before. */
export const NASTY_TEXTS = [
  ...[
    '',
    ' ',
    '0',
    'null',
    '../../etc/passwd',
    '%2e%2e%2f',
    'C:\\',
    '\u0000',
    '\ud800',
    '\u202e',
    '𝕏',
    'é',
    '\r\nX: y',
  ],
  ...[
    '{{7*7}}',
    "' OR 1=1 --",
    '<script>',
    '__proto__',
    'constructor',
    'toString',
    'a'.repeat(5_000),
    '{}',
    '[]',
    '\\',
  ],
] as const;

/** Numbers at the edges of what programs take. */
export const NASTY_NUMBERS = [
  ...[
    0,
    -0,
    -1,
    0.1,
    1e308,
    -1e308,
    5e-324,
    2 ** 31,
    -(2 ** 31),
    2 ** 53,
    2 ** 53 + 2,
    -(2 ** 53),
    4_294_967_296,
  ],
] as const;

/** Makes up a value that fits a JSON Schema, as far as these go in the schemas of the protocol. */
export function sample(schema: Schema, random: Random, root: Schema = schema): unknown {
  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum'])) return random.one(schema['enum']);
  const choices = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(choices)) return sample(random.one(choices) as Schema, random, root);
  switch (schema['type']) {
    case 'object':
      return sampleObject(schema, random, root);
    case 'array': {
      const length = Math.floor(random.between(0, 3));
      return Array.from({ length }, () => sample((schema['items'] ?? {}) as Schema, random, root));
    }
    case 'string':
      return random.next() < 0.7 ? `s${Math.floor(random.between(0, 100))}` : random.one(NASTY_TEXTS);
    case 'integer':
      return Math.floor(random.between(0, 1_000));
    case 'number':
      return random.between(0, 1_000);
    case 'boolean':
      return random.next() < 0.5;
    default:
      return random.one<unknown>([null, true, 1, 'text', {}, []]);
  }
}

function sampleObject(schema: Schema, random: Random, root: Schema): unknown {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Schema>>;
  const required = new Set((schema['required'] ?? []) as string[]);
  const wanted = Object.entries(properties).filter(([key]) => required.has(key) || random.next() < 0.4);
  return Object.fromEntries(wanted.map(([key, member]) => [key, sample(member, random, root)]));
}
