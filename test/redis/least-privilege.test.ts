import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, expect, test } from 'vitest';
import { freePort } from '../bench/free-port.ts';
import { millrace } from '../operations/millrace.ts';
import { startCluster } from '../support/cluster.ts';
import { makeCertificates } from './certificates.ts';
import { RedisServer } from './redis-server.ts';
import { WHOLE_PATH, wholePath } from './whole-path.ts';

const TIMEOUT_MS = 60_000;
const PASSWORD = 'a-long-password';
const directory = mkdtempSync(join(tmpdir(), 'millrace-tls-'));
const { ca, certificate, key } = makeCertificates(directory);
const tlsPort = await freePort();
const server = await RedisServer.start({
  args: [
    ...['--tls-port', String(tlsPort), '--tls-cert-file', certificate, '--tls-key-file', key],
    ...['--tls-ca-cert-file', ca, '--tls-auth-clients', 'no'],
  ],
});
const operator = new Redis(server.url);
await operator.call('ACL', 'SETUSER', ...documentedRule());
const env = {
  REDIS_URL: `rediss://millrace:${PASSWORD}@127.0.0.1:${tlsPort}`,
  MILLRACE_REDIS_CA_FILE: ca,
};
const cluster = await startCluster({ ...WHOLE_PATH, redisUrl: server.url, env });
afterAll(async () => {
  operator.disconnect();
  await cluster.stop();
  await server.stop();
  rmSync(directory, { recursive: true });
});

/** The rule as docs/redis.md has it, for the prefix of this test. */
function documentedRule(): string[] {
  const text = readFileSync(new URL('../../docs/redis.md', import.meta.url), 'utf8');
  const [, block = ''] = /<!-- acl -->\s*```\n([^`]*)```/.exec(text) ?? [];
  const [, ...rule] = block.split(/\s+/).filter((word) => word !== '');
  return rule.map((word) => word.replace('millrace:*', 'test-*'));
}

const denied = async () => ((await operator.call('ACL', 'LOG')) as unknown[]).map(String);

test(
  'the documented user is enough for everything, over TLS',
  async () => {
    await wholePath(cluster, 'least');
    expect(await denied()).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  'and for the operators',
  async () => {
    for (const line of ['pools', 'pools pause default', 'pools resume default', 'pools drain default']) {
      expect(await millrace(cluster, line, env)).toMatchObject({ code: 0, stderr: '' });
    }
    await millrace(cluster, 'pools resume default', env);
    expect(await millrace(cluster, 'dead-letters list default', env)).toMatchObject({ code: 0 });
    expect((await fetch(`${cluster.adminUrls[0]}/metrics`)).status).toBe(200);
    expect((await fetch(`${cluster.adminUrls[0]}/readyz`)).status).toBe(200);
    expect(await denied()).toEqual([]);
  },
  TIMEOUT_MS,
);

test('the user reaches nothing else', async () => {
  const user = new Redis(env.REDIS_URL, { tls: { ca: readFileSync(ca) } });
  try {
    for (const command of [['SET', 'other:key', '1'], ['FLUSHALL'], ['KEYS', '*'], ['CONFIG', 'GET', '*']]) {
      const [name = '', ...args] = command;
      await expect(user.call(name, ...args)).rejects.toThrow('NOPERM');
    }
    await expect(user.publish('other', 'x')).rejects.toThrow('NOPERM');
  } finally {
    user.disconnect();
  }
});

test('a certificate that nobody vouches for is not accepted', async () => {
  const worker = cluster.spawn('worker', { MILLRACE_REDIS_CA_FILE: '', MILLRACE_REDIS_CA: '' });
  const line = await worker.logs.first('Redis is away');
  expect(line['reason']).toMatch(/certificate|self.signed/i);
  await worker.kill('SIGTERM');
});

test('no program connects without TLS', async () => {
  const operatorId = String(await operator.call('CLIENT', 'ID'));
  const clients = String(await operator.call('CLIENT', 'LIST'))
    .trim()
    .split('\n');
  // Whoever is not the operator of this test is one of the programs, whatever it calls itself.
  const own = clients.filter((line) => !line.startsWith(`id=${operatorId} `));
  expect(own.length).toBeGreaterThan(10);
  expect(own.filter((line) => !line.includes(` laddr=127.0.0.1:${tlsPort} `))).toEqual([]);
  expect(own.filter((line) => !line.includes(' user=millrace '))).toEqual([]);
});
