import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalRedis, startPrivateRedis } from '@millrace/broker';
import { API_KEY_PREFIX, parseApiKey } from '@millrace/security';
import { createLogger, OperatorError, systemClock } from '@millrace/service';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { loadKeysConfig } from './config.ts';
import { ApiKeys } from './keys.ts';
import { parseKeysCommand } from './keys-command.ts';

const ENVELOPE_KEY = 'an envelope key that only tests have';

let redis: LocalRedis;
beforeAll(async () => {
  redis = await startPrivateRedis();
});
afterAll(() => redis.stop());

const environment = (env: NodeJS.ProcessEnv) => ({
  REDIS_URL: redis.url,
  MILLRACE_ENVELOPE_KEY: ENVELOPE_KEY,
  ...env,
});

/** What `millrace keys` prints, or says is wrong. */
async function keys(args: string, env: NodeJS.ProcessEnv = {}): Promise<{ stdout: string; wrong?: string }> {
  const printed: string[] = [];
  try {
    const service = new ApiKeys({
      command: parseKeysCommand(args.split(' ')),
      config: loadKeysConfig(environment(env)),
      clock: systemClock,
      logger: createLogger({ name: 'test', level: 'silent' }),
      print: (text) => printed.push(text),
    });
    onTestFinished(() => service.stop());
    await service.start();
    await service.ended;
    return { stdout: printed.join('\n') };
  } catch (error) {
    expect(error).toBeInstanceOf(OperatorError);
    return { stdout: printed.join('\n'), wrong: (error as Error).message };
  }
}

async function listed(env: NodeJS.ProcessEnv = {}): Promise<Record<string, string>[]> {
  return JSON.parse((await keys('list --json', env)).stdout);
}

const created = async (args: string) => parseApiKey((await keys(`create ${args}`)).stdout)?.id ?? 'none';

test('a key is made, listed without its secret, and revoked', async () => {
  const { stdout: key } = await keys('create --name ci --role reader --tenant acme --expires 90d');
  expect(key.startsWith(API_KEY_PREFIX)).toBe(true);
  const { id = '', secret = '' } = parseApiKey(key) ?? {};
  const list = await keys('list');
  expect(list.stdout).toMatch(new RegExp(`^${id} +ci +acme +reader +20.* +20.* +never +active$`, 'm'));
  expect(list.stdout).not.toContain(secret);
  expect(await keys(`revoke ${id}`)).toEqual({ stdout: `revoked ${id}` });
  expect((await listed()).map((row) => row['id'])).not.toContain(id);
});

test('a key that is rotated has a successor at once, and ends after its grace', async () => {
  const id = await created('--name rotated --role reader');
  const successor = parseApiKey((await keys(`rotate ${id} --grace 0s`)).stdout);
  const rows = await listed();
  const state = (which: string | undefined) => rows.find((row) => row['id'] === which)?.['state'];
  expect([state(id), state(successor?.id)]).toEqual(['expired', 'active']);
  const lasting = await created('--name lasting --role reader');
  await keys(`rotate ${lasting}`);
  expect((await listed()).find((row) => row['id'] === lasting)).toMatchObject({
    state: 'active',
    expires: expect.stringMatching(/^20/),
  });
});

test('a record of another secret is told apart, and not prolonged', async () => {
  const id = await created('--name foreign --role reader');
  const env = { MILLRACE_ENVELOPE_KEY: 'the envelope key of another cluster' };
  expect((await listed(env)).find((row) => row['id'] === id)?.['state']).toBe(
    'not signed with this envelope key',
  );
  const { wrong } = await keys(`rotate ${id}`, env);
  expect(wrong).toBe(`${id}: the record is not signed with this MILLRACE_ENVELOPE_KEY`);
});

test('the secret of the cluster may come from a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-keys-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'key'), `${ENVELOPE_KEY}\n`);
  const env = { MILLRACE_ENVELOPE_KEY: '', MILLRACE_ENVELOPE_KEY_FILE: join(folder, 'key') };
  expect((await keys('create --name filed --role reader', env)).stdout).toMatch(/^mrk_/);
});

test.each([
  ['an id that is not there', 'revoke feedfacefeedface', {}, 'there is no API key feedfacefeedface'],
  [
    'no secret',
    'list',
    { MILLRACE_ENVELOPE_KEY: '' },
    'MILLRACE_ENVELOPE_KEY: not set — expected the secret',
  ],
  ['no Redis', 'list', { REDIS_URL: '' }, 'REDIS_URL: not set'],
  ['wrong arguments', 'create', {}, '--name: expected a name'],
])('%s is told in plain words', async (_, args, env, message) => {
  expect((await keys(args, env)).wrong).toContain(message);
});

test('the command itself prints the key and nothing else', () => {
  const main = new URL('./main.ts', import.meta.url).pathname;
  const args = [main, 'keys', 'create', '--name', 'shell', '--role', 'reader'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    env: environment({}),
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(parseApiKey(stdout.trim())).toBeDefined();
});
