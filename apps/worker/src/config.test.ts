import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadWorkerConfig } from './config.ts';

const REDIS_URL = 'redis://127.0.0.1:6379';
const defaults = loadWorkerConfig({ env: { REDIS_URL } });

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

/** All settings: each of a worker has a default. */
function fields(): string[] {
  return Object.keys(
    loadWorkerConfig({
      env: {
        REDIS_URL,
        MILLRACE_AUTHORIZATION: '{}',
        MILLRACE_CANARY_WEIGHT: '1',
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
  expect(() => loadWorkerConfig({ env: {} })).toThrow('REDIS_URL: not set');
});

test('a worker must not count as lost between two heartbeats', () => {
  const env = { REDIS_URL, MILLRACE_HEARTBEAT_MS: '1000', MILLRACE_WORKER_TTL_MS: '1500' };
  expect(() => loadWorkerConfig({ env })).toThrow(/MILLRACE_WORKER_TTL_MS: "1500" .* MILLRACE_HEARTBEAT_MS/);
});

test('a short secret is refused', () => {
  const env = { REDIS_URL, MILLRACE_STATE_KEY: 'hunter2' };
  expect(() => loadWorkerConfig({ env })).toThrow(/MILLRACE_STATE_KEY: .* at least 32 characters/);
});
