import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadFrontDoorConfig } from './config.ts';

const REDIS_URL = 'redis://127.0.0.1:6379';
const defaults = loadFrontDoorConfig({ env: { REDIS_URL } });

/** Variables of the README's table, with the defaults in their second cell. */
const documented = new Map(
  readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `MILLRACE_') || line.startsWith('| `REDIS_URL'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map(([, variable = '', value = '']) => [variable, value] as const),
);

/** The variable of a setting, as it is written in an environment. */
function variableOf(field: string): string {
  if (field === 'redisUrl') return 'REDIS_URL';
  return `MILLRACE_${field.replaceAll(/([A-Z])/g, '_$1').toUpperCase()}`;
}

/** All settings, also those without a default: an unknown key of a file is refused with the known ones. */
function fields(): string[] {
  return Object.keys(
    loadFrontDoorConfig({
      env: {
        REDIS_URL,
        MILLRACE_INSTRUCTIONS: 'x',
        MILLRACE_AUTHORIZATION: '{}',
        MILLRACE_TRACE_ENDPOINT: 'http://otel:4318',
      },
    }),
  );
}

test('the README lists every variable, and no other', () => {
  expect([...documented.keys()].toSorted()).toEqual(
    [...fields().map(variableOf), 'MILLRACE_CONFIG'].toSorted(),
  );
});

test.each(Object.entries(defaults).filter(([field]) => field !== 'redisUrl'))(
  'the default of %s is documented as %j',
  (field, value) => {
    const empty = typeof value === 'object' && !Array.isArray(value);
    expect(documented.get(variableOf(field))).toBe(empty ? 'none' : String(value) || 'none');
  },
);

test('without a Redis it says which variable to set', () => {
  expect(() => loadFrontDoorConfig({ env: {} })).toThrow('REDIS_URL: not set');
});

test('a worker must not count as lost between two heartbeats', () => {
  const env = { REDIS_URL, MILLRACE_HEARTBEAT_MS: '1000', MILLRACE_WORKER_TTL_MS: '1500' };
  expect(() => loadFrontDoorConfig({ env })).toThrow(
    /MILLRACE_WORKER_TTL_MS: "1500" .* MILLRACE_HEARTBEAT_MS/,
  );
});

const ENVELOPE_KEY = 'an envelope key of more than 32 characters';

test('other machines reach it only with authentication, or without on purpose', () => {
  const env = { REDIS_URL, MILLRACE_HTTP_HOST: '0.0.0.0' };
  expect(() => loadFrontDoorConfig({ env })).toThrow(
    /MILLRACE_AUTH: not set, MILLRACE_HTTP_HOST: "0.0.0.0" — expected api-key, jwt or both/,
  );
  expect(loadFrontDoorConfig({ env: { ...env, MILLRACE_AUTH: 'none' } }).auth).toEqual(['none']);
  const safe = { ...env, MILLRACE_AUTH: 'api-key', MILLRACE_ENVELOPE_KEY: ENVELOPE_KEY };
  expect(loadFrontDoorConfig({ env: safe }).auth).toEqual(['api-key']);
});

test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('on %s it may be without', (host) => {
  expect(loadFrontDoorConfig({ env: { REDIS_URL, MILLRACE_HTTP_HOST: host } }).auth).toEqual([]);
});

const WITH_TOKENS = {
  REDIS_URL,
  MILLRACE_AUTH: 'jwt',
  MILLRACE_ENVELOPE_KEY: ENVELOPE_KEY,
  MILLRACE_JWT_ISSUER: 'https://login.example.com',
  MILLRACE_PUBLIC_URL: 'https://mcp.example.com/mcp',
};

test('tokens need an issuer, and to be meant for somebody', () => {
  expect(loadFrontDoorConfig({ env: WITH_TOKENS }).auth).toEqual(['jwt']);
  const { MILLRACE_JWT_ISSUER: _, MILLRACE_PUBLIC_URL: __, ...lacking } = WITH_TOKENS;
  expect(() => loadFrontDoorConfig({ env: lacking })).toThrow(
    /MILLRACE_JWT_ISSUER: not set .*\nMILLRACE_PUBLIC_URL: not set/,
  );
});

test.each([
  [
    'an issuer that anybody could pose as',
    { MILLRACE_JWT_ISSUER: 'http://login.example.com' },
    /expected https/,
  ],
  [
    'keys that anybody could put in their place',
    { MILLRACE_JWT_JWKS_URI: 'http://a.example/k' },
    /expected https/,
  ],
  ['algorithms with a shared secret', { MILLRACE_JWT_ALGORITHMS: 'HS256' }, /MILLRACE_JWT_ALGORITHMS/],
  ['none among methods', { MILLRACE_AUTH: 'none,jwt' }, /expected none alone/],
  ['a method that does not exist', { MILLRACE_AUTH: 'basic' }, /MILLRACE_AUTH: "basic"/],
  ['no secret for the queue', { MILLRACE_ENVELOPE_KEY: '' }, /MILLRACE_ENVELOPE_KEY: not set/],
  ['roles that nobody defined', { MILLRACE_AUTHORIZATION: '{"scopes":{"a":["b"]}}' }, /scopes\.a: .*not b/],
])('refuses %s', (_, wrong, message) => {
  expect(() => loadFrontDoorConfig({ env: { ...WITH_TOKENS, ...wrong } })).toThrow(message);
});

test('a secret that is refused is not shown', () => {
  const env = { ...WITH_TOKENS, MILLRACE_ENVELOPE_KEY: 'hunter2' };
  expect(() => loadFrontDoorConfig({ env })).toThrow(
    'MILLRACE_ENVELOPE_KEY: (hidden) — expected at least 32',
  );
});

test.each([
  ['MILLRACE_CACHE_MAX_ENTRY_BYTES', '2000', 'MILLRACE_CACHE_MAX_BYTES', '1000'],
  ['MILLRACE_IDEMPOTENCY_TTL_MS', '1000', 'MILLRACE_CALL_TIMEOUT_MS', '2000'],
])('%s=%s contradicts %s=%s: both are named', (field, value, other, limit) => {
  const load = () => loadFrontDoorConfig({ env: { REDIS_URL, [field]: value, [other]: limit } });
  expect(load).toThrow(new RegExp(`${field}: "${value}" .* ${other}`));
});

test('without room in memory results are cached in Redis alone', () => {
  const { cacheMaxBytes } = loadFrontDoorConfig({ env: { REDIS_URL, MILLRACE_CACHE_MAX_BYTES: '0' } });
  expect(cacheMaxBytes).toBe(0);
});
