import { request } from 'node:http';
import { expect, test } from 'vitest';
import { readBody } from './body.ts';
import { serve } from './testing/http.ts';

/** A server that says what it read, or why not. */
async function reader(maxBytes = 10) {
  const outcome = Promise.withResolvers<string>();
  const arrived = Promise.withResolvers<void>();
  const { url } = await serve(async (incoming, response) => {
    arrived.resolve();
    const say = (said: string) => {
      outcome.resolve(said);
      response.end(said);
    };
    readBody(incoming, maxBytes, { onBody: say, onRefused: ({ kind }) => say(kind) });
  });
  return { url, outcome: outcome.promise, arrived: arrived.promise };
}

const post = async (url: string, body: string | ReadableStream) =>
  (await fetch(url, { method: 'POST', body, duplex: 'half' } as RequestInit)).text();

/** A body that comes in parts and does not tell its length. */
const parts = (...chunks: Uint8Array[]) =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });

test('a body up to the limit is read', async () => {
  expect(await post((await reader()).url, '0123456789')).toBe('0123456789');
});

test('an empty body is an empty text', async () => {
  expect(await post((await reader()).url, '')).toBe('');
});

test('a character that two parts share stays whole', async () => {
  const [lead = 0, ...rest] = Buffer.from('ü');
  expect(await post((await reader()).url, parts(Uint8Array.of(lead), Uint8Array.from(rest)))).toBe('ü');
});

test('a body that tells that it is too large is refused before it comes', async () => {
  expect(await post((await reader()).url, '0123456789+')).toBe('body_too_large');
});

test('a body that turns out too large is refused when it does', async () => {
  const half = Buffer.from('012345');
  expect(await post((await reader()).url, parts(half, half))).toBe('body_too_large');
});

test('a client that goes away half-way leaves nothing waiting', async () => {
  const { url, outcome, arrived } = await reader();
  const client = request(url, { method: 'POST', headers: { 'content-length': 8 } });
  // That its own request failed is no news to it.
  client.on('error', () => client.destroy());
  client.write('half');
  await arrived;
  client.destroy();
  expect(await outcome).toBe('parse_error');
});

test('a body that is not UTF-8 is refused, also when only the parts together show it', async () => {
  expect(await post((await reader()).url, parts(Uint8Array.of(0x22, 0xff, 0x22)))).toBe('parse_error');
  expect(await post((await reader()).url, parts(Uint8Array.of(0xc3), Uint8Array.of(0xa4)))).toBe('ä');
  expect(await post((await reader()).url, parts(Uint8Array.of(0xc3), Uint8Array.of(0x22)))).toBe(
    'parse_error',
  );
});
