import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, jwtVerify, SignJWT } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { IssuerKeys, type IssuerKeysOptions } from './issuer-keys.ts';
import { SILENT, TestClock } from './testing/keys.ts';

let server: Server;
let issuer: string;
let published: JWK[];
let reads: number;
let away: boolean;
let metadataPath: string;
let clock: TestClock;

beforeEach(async () => {
  [published, reads, away, metadataPath, clock] = [
    [],
    0,
    false,
    '/.well-known/openid-configuration',
    new TestClock(),
  ];
  server = createServer(({ url }, response) => {
    const answer = (body: object) => response.end(JSON.stringify(body));
    if (url === '/keys' && !away) reads += 1;
    if (away) response.writeHead(500).end();
    else if (url === metadataPath) answer({ issuer, jwks_uri: `${issuer}/keys` });
    else if (url === '/keys') answer({ keys: published });
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const keysOf = (options: Partial<IssuerKeysOptions> = {}) =>
  new IssuerKeys({ issuer, clock, logger: SILENT, cooldownMs: 0, ...options });

/** A new key of the issuer. @returns what signs with it */
async function publish(kid: string): Promise<() => Promise<string>> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  published.push({ ...(await exportJWK(publicKey)), kid, alg: 'ES256' });
  return () => new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
}

const verify = (keys: IssuerKeys, token: string) =>
  jwtVerify(token, (header, input) => keys.find(header, input)).then(() => 'good');

test.each(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])(
  'the keys are found by way of %s',
  async (path) => {
    metadataPath = path;
    const sign = await publish('a');
    expect(await verify(keysOf(), await sign())).toBe('good');
  },
);

test('metadata of another issuer is not taken', async () => {
  const sign = await publish('a');
  const genuine = issuer;
  const keys = new IssuerKeys({ issuer: `${genuine}/x`, clock, logger: SILENT });
  metadataPath = '/x/.well-known/openid-configuration';
  await expect(verify(keys, await sign())).rejects.toMatchObject({ kind: 'authentication_unavailable' });
});

test('a key that is new at the issuer is found, and one that is gone does not count', async () => {
  const old = await publish('old');
  const keys = keysOf();
  expect(await verify(keys, await old())).toBe('good');
  published = [];
  const young = await publish('young');
  expect(await verify(keys, await young())).toBe('good');
  await expect(verify(keys, await old())).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
});

test('made-up keys do not make the issuer work', async () => {
  const sign = await publish('a');
  const keys = keysOf({ cooldownMs: 30_000 });
  await verify(keys, await sign());
  const { privateKey } = await generateKeyPair('ES256');
  for (let at = 0; at < 10; at += 1) {
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: `made-up-${at}` })
      .sign(privateKey);
    await expect(verify(keys, token)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  }
  expect(reads).toBe(1);
});

test('while the issuer is away its last keys count, for a time', async () => {
  const sign = await publish('a');
  const keys = keysOf({ maxAgeMs: 0, staleMs: 60_000 });
  await verify(keys, await sign());
  away = true;
  expect(await verify(keys, await sign())).toBe('good');
  clock.time += 59_000;
  expect(await verify(keys, await sign())).toBe('good');
  clock.time += 2_000;
  await expect(verify(keys, await sign())).rejects.toMatchObject({ kind: 'authentication_unavailable' });
  away = false;
  clock.time += 2_000;
  expect(await verify(keys, await sign())).toBe('good');
});

test('of a key that may be new it cannot be told while the issuer is away', async () => {
  const sign = await publish('a');
  const keys = keysOf({ maxAgeMs: 0 });
  await verify(keys, await sign());
  const unseen = await publish('b');
  away = true;
  await expect(verify(keys, await unseen())).rejects.toMatchObject({
    kind: 'authentication_unavailable',
    retryAfterMs: 2_000,
  });
});

test('after a failure the issuer is left in peace for a moment', async () => {
  const sign = await publish('a');
  const keys = keysOf();
  away = true;
  const unavailable = { kind: 'authentication_unavailable' };
  await expect(verify(keys, await sign())).rejects.toMatchObject(unavailable);
  away = false;
  await expect(verify(keys, await sign())).rejects.toMatchObject(unavailable);
  clock.time += 2_000;
  expect(await verify(keys, await sign())).toBe('good');
});
