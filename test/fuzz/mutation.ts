import type { Random } from '../chaos/random.ts';
import { NASTY_NUMBERS, NASTY_TEXTS } from './sample.ts';

type Container = Record<string, unknown> | unknown[];

/** Changes a message in one to three places. The message itself stays as it is. */
export function mutate(message: unknown, random: Random): unknown {
  const copy = { message: structuredClone(message) };
  for (let count = Math.floor(random.between(1, 4)); count > 0; count -= 1) change(copy, random);
  return copy.message ?? null;
}

function change(root: Container, random: Random): void {
  const places = placesIn(root);
  if (places.length === 0) return;
  const [container, key] = random.one(places);
  const write = (value: unknown) => Reflect.defineProperty(container, key, { ...PLAIN, value });
  const rename = () => {
    const value = Reflect.get(container, key);
    Reflect.deleteProperty(container, key);
    Reflect.defineProperty(container, random.one(NASTY_TEXTS), { ...PLAIN, value });
  };
  const changes = [
    () => write(nasty(random)),
    () => write(random.one<unknown>([null, true, 0, '', [], {}, [[]], { a: {} }])),
    () => write(nested(random)),
    ...(Array.isArray(container)
      ? [() => container.push(nasty(random))]
      : [rename, () => Reflect.deleteProperty(container, key), () => add(container, random)]),
  ];
  random.one(changes)();
}

/** As what a parser makes: also under a name that is special. */
const PLAIN = { enumerable: true, configurable: true, writable: true };

function add(container: Record<string, unknown>, random: Random): void {
  container[`more${Math.floor(random.between(0, 9))}`] = nasty(random);
}

function nasty(random: Random): unknown {
  return random.next() < 0.6 ? random.one(NASTY_TEXTS) : random.one(NASTY_NUMBERS);
}

function nested(random: Random): unknown {
  let value: unknown = 1;
  for (let depth = random.between(1, 200); depth > 0; depth -= 1)
    value = random.next() < 0.5 ? [value] : { a: value };
  return value;
}

/** Every member of the message, by what holds it and its key. */
function placesIn(value: unknown): [Container, string][] {
  if (typeof value !== 'object' || value === null) return [];
  const container = value as Container;
  return Object.entries(container).flatMap(([key, member]) => [
    [container, key] as [Container, string],
    ...placesIn(member),
  ]);
}

/** Changes the bytes of a message, so that it may not even be text any more. */
export function garble(text: string, random: Random): Uint8Array {
  const bytes = Buffer.from(text);
  const at = Math.floor(random.between(0, bytes.length));
  switch (random.one(['flip', 'cut', 'double', 'insert', 'bom', 'nul'] as const)) {
    case 'flip':
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random.between(0, 8)));
      return bytes;
    case 'cut':
      return bytes.subarray(0, at);
    case 'double':
      return Buffer.concat([bytes, bytes.subarray(at)]);
    case 'insert':
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([0xc0, 0xaf]), bytes.subarray(at)]);
    case 'bom':
      return Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]);
    case 'nul':
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([0]), bytes.subarray(at)]);
  }
}
