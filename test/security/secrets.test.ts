import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createLogger } from '@millrace/service';
import { expect, onTestFinished, test } from 'vitest';

/** Secrets may come as files, and show neither in what is printed nor in what is logged. */
const CLI = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url));
const SECRET = 'a-secret-that-nobody-may-ever-see-0123456789';

async function print(program: string, env: Record<string, string>): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'config', 'print', program], {
    env: { PATH: process.env['PATH'], REDIS_URL: `redis://me:${SECRET}@127.0.0.1:6379`, ...env },
  });
  return stdout;
}

test.each(['front-door', 'worker'])(
  '`config print %s` shows the settings, and no secret, also from files',
  async (program) => {
    const directory = await mkdtemp(join(tmpdir(), 'millrace-secrets-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const path = join(directory, 'envelope-key');
    await writeFile(path, `${SECRET}\n`);
    const text = await print(program, {
      MILLRACE_AUTH: 'api-key',
      MILLRACE_ENVELOPE_KEY_FILE: path,
      MILLRACE_PAYLOAD_KEYS: `k1:${Buffer.from(SECRET.slice(0, 32)).toString('base64')}`,
      ...(program === 'worker' && {
        MILLRACE_STATE_KEY: SECRET,
        MILLRACE_UPSTREAMS: JSON.stringify({ mail: { command: 'mail', env: { MAIL_PASSWORD: SECRET } } }),
      }),
    });
    expect(JSON.parse(text)).toMatchObject({
      redisUrl: 'redis://[redacted]@127.0.0.1:6379',
      auth: ['api-key'],
      envelopeKey: '[redacted]',
      payloadKeys: '[redacted]',
      prefix: 'millrace',
    });
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(Buffer.from(SECRET.slice(0, 32)).toString('base64'));
  },
);

test('what is wrong with a secret is told without the secret', async () => {
  const failed = await print('front-door', { MILLRACE_PAYLOAD_KEYS: `k1:${SECRET}` }).catch(
    (error: { stderr: string }) => error,
  );
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('MILLRACE_PAYLOAD_KEYS') });
});

test('a log shows no secret, not even in an error or a URL', () => {
  const lines: string[] = [];
  const logger = createLogger({
    name: 'test',
    level: 'info',
    destination: { write: (line) => lines.push(line) },
  });
  logger.info(
    { apiKey: SECRET, headers: { authorization: `Bearer ${SECRET}` }, url: `redis://me:${SECRET}@host` },
    'hello',
  );
  logger.error({ err: new Error(`connect redis://me:${SECRET}@host failed`) }, 'failed');
  expect(lines.join('')).not.toContain(SECRET);
  expect(lines[1]).toContain('redis://[redacted]@host failed');
});
