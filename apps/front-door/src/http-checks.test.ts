import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { checkPost, HostCheck, type HostRules } from './http-checks.ts';

/** The part of a request that the checks look at. */
const requestWith = (headers: IncomingHttpHeaders) => ({ headers }) as IncomingMessage;

const ALLOWED = { listenHost: '0.0.0.0', allowedHosts: ['mcp.internal'] };
const PUBLIC = { listenHost: '0.0.0.0', publicUrl: 'https://mcp.example.com/mcp' };

test.each<[HostRules, string, string | undefined, boolean]>([
  [{ listenHost: '127.0.0.1' }, 'localhost:8080', undefined, true],
  [{ listenHost: '127.0.0.1' }, 'evil.example', undefined, false],
  [{ listenHost: '127.0.0.1' }, 'localhost:8080', 'http://localhost:3000', true],
  [{ listenHost: '0.0.0.0' }, 'any.example', undefined, true],
  [{ listenHost: '0.0.0.0' }, '127.0.0.1:8080', 'https://evil.example', false],
  [{ listenHost: '0.0.0.0' }, 'evil.example', 'http://evil.example', false],
  [{ listenHost: '0.0.0.0' }, '127.0.0.1:8080', 'null', false],
  [{ listenHost: '0.0.0.0' }, '127.0.0.1:8080', 'http://127.0.0.1:8080', true],
  [ALLOWED, 'mcp.internal:8080', undefined, true],
  [ALLOWED, 'evil.example', undefined, false],
  [ALLOWED, 'mcp.internal', 'https://mcp.internal', true],
  [PUBLIC, '10.0.0.7:8080', undefined, true],
  [PUBLIC, 'mcp.example.com', 'https://mcp.example.com', true],
  [PUBLIC, 'mcp.example.com', 'https://mcp.example.com.evil.example', false],
  [
    { listenHost: '0.0.0.0', allowsOrigin: (origin) => origin === 'https://app.example' },
    'any.example',
    'https://app.example',
    true,
  ],
])('%j: a request for %s from a page of %s', (rules, host, origin, isServed) => {
  const request = requestWith({ host, ...(origin !== undefined && { origin }) });
  const hosts = new HostCheck(rules);
  // The second time goes by what is remembered.
  for (let time = 0; time < 2; time += 1) {
    if (isServed) expect(() => hosts.check(request)).not.toThrow();
    else expect(() => hosts.check(request)).toThrow(expect.objectContaining({ kind: 'forbidden_host' }));
  }
});

test.each(['gzip', 'br', 'deflate', 'gzip, identity'])(
  'a body that is compressed with %s is refused',
  (encoding) => {
    const request = requestWith({ 'content-type': 'application/json', 'content-encoding': encoding });
    expect(() => checkPost(request)).toThrow(
      expect.objectContaining({ kind: 'unsupported_media_type', status: 415 }),
    );
  },
);
