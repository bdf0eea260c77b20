import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { type ConfigSource, loadConfig } from './config.ts';
import { ConfigError } from './operator-error.ts';

const port = z.int().min(0).max(65535);
const schema = z
  .object({
    httpPort: port.default(8080),
    redisUrl: z.url({ protocol: /^rediss?$/ }),
    pools: z.array(z.string().min(1)).min(1).default(['default']),
    pretty: z.boolean().default(false),
    level: z.enum(['info', 'debug']).default('info'),
    heartbeatMs: z.int().positive().default(1000),
    expiryMs: z.int().positive().default(5000),
    limits: z.object({ calls: z.int() }).optional(),
    ratio: z.number().max(1).optional(),
    prefix: z.string().regex(/^\w+$/, 'letters, digits and "_"').optional(),
    adminToken: z.string().min(8).optional(),
  })
  .refine(({ heartbeatMs, expiryMs }) => heartbeatMs < expiryMs, {
    path: ['heartbeatMs'],
    error: 'expected less than expiryMs',
  });

const env = { REDIS_URL: 'redis://127.0.0.1:6379' };

function file(content: unknown): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-config-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'millrace.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function problems(source: ConfigSource): string {
  try {
    loadConfig(schema, source);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error('the configuration was accepted');
}

describe('what is read', () => {
  test('variables become camelCase fields of the right type', () => {
    const config = loadConfig(schema, {
      env: {
        ...env,
        MILLRACE_HTTP_PORT: '9000',
        MILLRACE_POOLS: 'fast, slow,',
        MILLRACE_PRETTY: 'yes',
        MILLRACE_LIMITS: '{"calls":3}',
        MILLRACE_RATIO: '0.5',
        MILLRACE_NOT_OURS: 'x',
      },
    });
    expect(config).toMatchObject({
      httpPort: 9000,
      pools: ['fast', 'slow'],
      pretty: true,
      limits: { calls: 3 },
      ratio: 0.5,
    });
  });

  test('a variable may name a file that holds the value, and the plain variable wins', () => {
    const path = file('from-the-file\n');
    const named = { ...env, MILLRACE_ADMIN_TOKEN_FILE: path };
    expect(loadConfig(schema, { env: named }).adminToken).toBe('from-the-file');
    const both = { ...named, MILLRACE_ADMIN_TOKEN: 'from-the-variable' };
    expect(loadConfig(schema, { env: both }).adminToken).toBe('from-the-variable');
  });

  test('a file that cannot be read is named with its variable, and what is wrong in it is not shown', () => {
    expect(problems({ env: { ...env, MILLRACE_ADMIN_TOKEN_FILE: '/nowhere' } })).toMatch(
      /^MILLRACE_ADMIN_TOKEN_FILE: cannot read \/nowhere/,
    );
    const path = file('hunter2');
    expect(problems({ env: { ...env, MILLRACE_ADMIN_TOKEN_FILE: path } })).toMatch(
      /^MILLRACE_ADMIN_TOKEN_FILE: \(hidden\) — expected text of at least 8/,
    );
  });

  test('defaults fill in, and an empty variable counts as not set', () => {
    const config = loadConfig(schema, { env: { ...env, MILLRACE_HTTP_PORT: '' } });
    expect(config).toEqual({
      httpPort: 8080,
      redisUrl: 'redis://127.0.0.1:6379',
      pools: ['default'],
      pretty: false,
      level: 'info',
      heartbeatMs: 1000,
      expiryMs: 5000,
    });
  });

  test('MILLRACE_REDIS_URL wins over REDIS_URL', () => {
    const config = loadConfig(schema, { env: { ...env, MILLRACE_REDIS_URL: 'redis://other' } });
    expect(config.redisUrl).toBe('redis://other');
  });

  test('the file is read, and the environment wins over it', () => {
    const path = file({ httpPort: 1, level: 'debug', redisUrl: 'redis://file' });
    const config = loadConfig(schema, { env: { ...env, MILLRACE_CONFIG: path, MILLRACE_HTTP_PORT: '2' } });
    expect(config).toMatchObject({ httpPort: 2, level: 'debug', redisUrl: env.REDIS_URL });
  });

  test('programs may share a file: their own section wins, that of others is left alone', () => {
    const path = file({
      level: 'debug',
      httpPort: 1,
      worker: { concurrency: 3 },
      frontDoor: { httpPort: 2 },
    });
    const config = loadConfig(schema, { env, file: path, section: 'frontDoor' });
    expect(config).toMatchObject({ level: 'debug', httpPort: 2 });
  });

  test('keys that another program checks may be left alone', () => {
    const path = file({ level: 'debug', frontDoor: { ours: 1, httpPort: 2 } });
    const config = loadConfig(schema, { env, file: path, section: 'frontDoor', ignoreUnknown: true });
    expect(config).toMatchObject({ level: 'debug', httpPort: 2 });
    expect(config).not.toHaveProperty('ours');
  });

  test('the result is frozen through and through', () => {
    const config = loadConfig(schema, { env: { ...env, MILLRACE_LIMITS: '{"calls":3}' } });
    expect([config, config.pools, config.limits].every(Object.isFrozen)).toBe(true);
  });
});

describe('what is refused, in words', () => {
  test.each([
    [{ MILLRACE_HTTP_PORT: 'abc' }, 'MILLRACE_HTTP_PORT: "abc" — expected a whole number from 0 to 65535'],
    [
      { MILLRACE_HTTP_PORT: '70000' },
      'MILLRACE_HTTP_PORT: "70000" — expected a whole number from 0 to 65535',
    ],
    [{ MILLRACE_HTTP_PORT: '1.5' }, 'MILLRACE_HTTP_PORT: "1.5" — expected a whole number from 0 to 65535'],
    [{ REDIS_URL: '' }, 'REDIS_URL: not set — expected a URL whose scheme matches ^rediss?$'],
    [
      { REDIS_URL: 'http://me:pass@host' },
      'REDIS_URL: "http://***@host" — expected a URL whose scheme matches ^rediss?$',
    ],
    [
      { MILLRACE_POOLS: ',' },
      'MILLRACE_POOLS: "," — expected a comma-separated list of at least 1, each text that is not empty',
    ],
    [{ MILLRACE_PRETTY: 'maybe' }, 'MILLRACE_PRETTY: "maybe" — expected true or false'],
    [{ MILLRACE_LEVEL: 'loud' }, 'MILLRACE_LEVEL: "loud" — expected one of info, debug'],
    [{ MILLRACE_PREFIX: 'a b' }, 'MILLRACE_PREFIX: "a b" — expected letters, digits and "_"'],
    [{ MILLRACE_LIMITS: '{' }, 'MILLRACE_LIMITS: "{" — expected an object with calls'],
    [{ MILLRACE_RATIO: '2' }, 'MILLRACE_RATIO: "2" — expected a number of at most 1'],
    [{ MILLRACE_HEARTBEAT_MS: '0' }, 'MILLRACE_HEARTBEAT_MS: "0" — expected a whole number above 0'],
    [
      { MILLRACE_ADMIN_TOKEN: 'short' },
      'MILLRACE_ADMIN_TOKEN: (hidden) — expected text of at least 8 characters',
    ],
    [
      { MILLRACE_LIMITS: '{"calls":"many"}' },
      'MILLRACE_LIMITS: "{\\"calls\\":\\"many\\"}" — expected an object with calls (at calls: Invalid input: expected number, received string)',
    ],
    [
      { MILLRACE_HEARTBEAT_MS: '9000' },
      'MILLRACE_HEARTBEAT_MS: "9000" — expected less than MILLRACE_EXPIRY_MS',
    ],
  ])('%o', (wrong, message) => {
    expect(problems({ env: { ...env, ...wrong } })).toBe(message);
  });

  test('every problem has a line', () => {
    const lines = problems({ env: { MILLRACE_HTTP_PORT: 'abc', MILLRACE_LEVEL: 'loud' } }).split('\n');
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      'MILLRACE_HTTP_PORT',
      'REDIS_URL',
      'MILLRACE_LEVEL',
    ]);
  });

  test('a value of the file is named by its key', () => {
    const path = file({ httpPort: 'abc' });
    expect(problems({ env, file: path })).toBe(
      `httpPort in ${path}: "abc" — expected a whole number from 0 to 65535`,
    );
  });

  test('an unknown key of the file', () => {
    const path = file({ httpport: 1 });
    expect(problems({ env, file: path })).toMatch(
      /^httpport in .*: unknown key — expected one of adminToken, /,
    );
  });

  test('a file that is missing, not JSON or no object', () => {
    expect(problems({ env, file: '/nowhere/millrace.json' })).toMatch(/cannot read \/nowhere.*ENOENT/);
    expect(problems({ env, file: file('{') })).toMatch(/cannot read .*JSON/);
    expect(problems({ env, file: file([]) })).toMatch(/expected a JSON object/);
  });
});
