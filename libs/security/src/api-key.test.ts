import { sign, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  createApiKey,
  endApiKey,
  isSecretOf,
  parseApiKey,
  principalOf,
  publicKeyOf,
  readRecord,
  signingKey,
} from './api-key.ts';
import { ClusterKeys } from './cluster-keys.ts';
import { CLUSTER_KEYS } from './testing/keys.ts';

const WISH = { name: 'ci', tenant: 'acme', roles: ['reader'] };
const make = () => createApiKey(WISH, CLUSTER_KEYS, 1_000);

test('a key has 256 random bits, of which the record tells nothing', () => {
  const { key, record } = make();
  const { id, secret = '' } = parseApiKey(key) ?? {};
  expect(id).toBe(record.id);
  expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  expect(JSON.stringify(record)).not.toContain(secret);
  expect(isSecretOf(record, secret)).toBe(true);
  expect(isSecretOf(record, parseApiKey(make().key)?.secret ?? '')).toBe(false);
});

test.each(['', 'mrk_', 'mrk_0123456789abcdef_short', 'xyz_0123456789abcdef_', 'mrk_0123456789abcdeF_'])(
  '%j has not the form of a key',
  (text) => {
    expect(parseApiKey(text)).toBeUndefined();
    expect(parseApiKey(`${text}${'A'.repeat(44)}`)).toBeUndefined();
  },
);

test('a record counts with the signature of the cluster only', () => {
  const { record } = make();
  const read = (changes: object, keys = CLUSTER_KEYS) =>
    readRecord(JSON.stringify({ ...record, ...changes }), keys);
  expect(read({})).toEqual(record);
  for (const change of [
    { roles: ['admin:access'] },
    { tenant: 'other' },
    { id: 'another' },
    { subject: 'another' },
    { expiresAt: 2_000 },
    { hash: 'AAAA' },
    { publicKey: 'AAAA' },
    { signature: '' },
    { more: 1 },
  ]) {
    expect(read(change)).toBeUndefined();
  }
  expect(read({}, new ClusterKeys('the secret of some other cluster'))).toBeUndefined();
  expect(readRecord('not JSON', CLUSTER_KEYS)).toBeUndefined();
});

test('a cluster that goes from one secret to the next accepts both', () => {
  const text = JSON.stringify(make().record);
  const next = new ClusterKeys(
    'the next secret of the same cluster',
    'a cluster secret that only tests have',
  );
  expect(readRecord(text, next)).toBeDefined();
  expect(readRecord(text, new ClusterKeys('the next secret of the same cluster'))).toBeUndefined();
});

test('an end is set under a new signature, and whose key it is stays', () => {
  const { record } = make();
  const ending = endApiKey(record, 5_000, CLUSTER_KEYS);
  expect(readRecord(JSON.stringify(ending), CLUSTER_KEYS)).toMatchObject({ expiresAt: 5_000 });
  expect(principalOf(ending)).toEqual({ id: `key:${record.id}`, tenant: 'acme', roles: ['reader'] });
  const successor = createApiKey({ ...WISH, subject: record.subject }, CLUSTER_KEYS, 1_000);
  expect(successor.record.id).not.toBe(record.id);
  expect(principalOf(successor.record)).toEqual(principalOf(record));
});

test('what the bearer signs is checked with what the record holds', () => {
  const { key, record } = make();
  const data = Buffer.from('a call');
  const signature = sign(null, data, signingKey(parseApiKey(key)?.secret ?? ''));
  expect(verify(null, data, publicKeyOf(record), signature)).toBe(true);
  expect(verify(null, data, publicKeyOf(make().record), signature)).toBe(false);
});
