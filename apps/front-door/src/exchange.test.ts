import { once } from 'node:events';
import type { RequestId } from '@millrace/dispatch';
import { MillraceError } from '@millrace/protocol';
import { expect, test, vi } from 'vitest';
import { Exchange, type ExchangeOptions } from './exchange.ts';
import { serve } from './testing/http.ts';

interface Setting extends Partial<ExchangeOptions> {
  readonly id?: RequestId | null;
}

/** The client's side of what `answer` does on a real connection. */
async function exchange(answer: (exchange: Exchange) => unknown, { id = 1, ...options }: Setting = {}) {
  const { url } = await serve((_, response) => {
    answer(new Exchange(response, id, { streams: true, keepAliveMs: 60_000, ...options }));
  });
  const response = await fetch(url, { method: 'POST' });
  return { response, text: await response.text() };
}

test('an answer that comes first is plain JSON', async () => {
  const { response, text } = await exchange((to) => to.result('{"text":"ü"}'));
  expect(text).toBe('{"jsonrpc":"2.0","id":1,"result":{"text":"ü"}}');
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
});

test.each([
  ['seven', '"seven"'],
  ['with "quotes"', '"with \\"quotes\\""'],
  [0, '0'],
  [null, 'null'],
])('the id %j comes back as it was', async (id, shown) => {
  const { text } = await exchange((to) => to.result('{}'), { id });
  expect(text).toBe(`{"jsonrpc":"2.0","id":${shown},"result":{}}`);
});

test('a notification makes it a stream, which the answer ends', async () => {
  const { response, text } = await exchange((to) => {
    to.notification('{"n":1}');
    to.notification('{"n":2}');
    to.result('{}');
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(text).toBe(
    [
      'event: message\ndata: {"n":1}\n\n',
      'event: message\ndata: {"n":2}\n\n',
      'event: message\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n',
    ].join(''),
  );
});

test('a client that takes no stream gets the answer alone', async () => {
  const { text } = await exchange(
    (to) => {
      to.notification('{"n":1}');
      to.result('{}');
    },
    { streams: false },
  );
  expect(text).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
});

test('an early error has its own status, and says when to try again', async () => {
  const error = new MillraceError('broker_unavailable', 'Redis cannot be reached', { retryAfterMs: 1_500 });
  const { response, text } = await exchange((to) => to.fail(error));
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('2');
  expect(JSON.parse(text)).toMatchObject({ id: 1, error: { code: -32_005, data: { requestId: '1' } } });
});

test('an error after a notification is the last event of the stream', async () => {
  const { response, text } = await exchange((to) => {
    to.notification('{}');
    to.fail(new MillraceError('broker_unavailable', 'Redis cannot be reached'));
  });
  expect(response.status).toBe(200);
  expect(text.split('data: ').at(-1)).toContain('"code":-32005');
});

test('whatever comes after the answer is dropped', async () => {
  const { text } = await exchange((to) => {
    to.result('{}');
    to.notification('{}');
    to.result('{"second":true}');
    to.fail(new MillraceError('cancelled', 'late'));
  });
  expect(text).toBe('{"jsonrpc":"2.0","id":1,"result":{}}');
});

test('a silent stream is kept open by comments', async () => {
  const { text } = await exchange(
    (to) => {
      to.notification('{}');
      setTimeout(() => to.result('{}'), 50);
    },
    { keepAliveMs: 10 },
  );
  expect(text).toContain(': keep-alive\n\n');
});

test('it tells when the client goes away before the answer, and leaves no timer', async () => {
  const clear = vi.spyOn(globalThis, 'clearInterval');
  const gone = Promise.withResolvers<void>();
  const { url } = await serve((_, response) => {
    const to = new Exchange(response, 1, { streams: true, keepAliveMs: 60_000 });
    to.onGone(gone.resolve);
    to.notification('{}');
  });
  const client = new AbortController();
  await fetch(url, { method: 'POST', signal: client.signal });
  client.abort();
  await gone.promise;
  expect(clear).toHaveBeenCalled();
});

test('a client that got its answer is not gone', async () => {
  const gone = vi.fn();
  const closed = Promise.withResolvers<void>();
  const { url } = await serve((_, response) => {
    const to = new Exchange(response, 1, { streams: true, keepAliveMs: 60_000 });
    to.onGone(gone);
    void once(response, 'close').then(() => closed.resolve());
    to.result('{}');
  });
  await fetch(url, { method: 'POST' });
  await closed.promise;
  expect(gone).not.toHaveBeenCalled();
});

test('who asks only after the client has gone is told, too', async () => {
  const listener = vi.fn();
  const { url } = await serve(async (_, response) => {
    const to = new Exchange(response, 1, { streams: true, keepAliveMs: 60_000 });
    await once(response, 'close');
    to.onGone(listener);
  });
  const away = new AbortController();
  const request = fetch(url, { method: 'POST', signal: away.signal });
  setTimeout(() => away.abort(), 20);
  await expect(request).rejects.toThrow();
  await vi.waitFor(() => expect(listener).toHaveBeenCalledTimes(1));
});
