import { once } from 'node:events';
import {
  Client,
  ClientCredentialsProvider,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { decodeJwt, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { as, makeKey, WITH_API_KEYS } from '../support/api-keys.ts';
import { startCluster } from '../support/cluster.ts';
import { OpenIdProvider } from '../support/openid-provider.ts';
import { Session } from '../support/session.ts';
import { EventStream } from '../support/sse.ts';
import { modernRequest, send, toolCall } from '../support/wire.ts';

/**
 * Access tokens of an OpenID provider, beside API keys. The front door tells clients where tokens come from, verifies
 * each once, and takes only those that were made for it.
 */
const RESOURCE = 'http://127.0.0.1:8080/mcp';
const AUTHORIZATION = {
  roles: {
    adder: { permissions: ['execute:tools'], tools: ['add'] },
    noter: { permissions: ['read:resources'], resources: ['note://*'] },
  },
  scopes: { notes: ['noter'] },
};
const provider = await OpenIdProvider.start();
const cluster = await startCluster({
  frontDoors: 2,
  env: {
    ...WITH_API_KEYS,
    MILLRACE_AUTH: 'jwt,api-key',
    MILLRACE_AUTHORIZATION: JSON.stringify(AUTHORIZATION),
  },
  frontDoorEnv: { MILLRACE_JWT_ISSUER: provider.issuer, MILLRACE_PUBLIC_URL: RESOURCE },
});
afterAll(async () => {
  await cluster.stop();
  await provider.stop();
});
const { url } = cluster;
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const hello = toolCall('echo', { text: 'hello' });

test('the front door says who gives tokens for it', async () => {
  const { headers } = await send(url, hello);
  const metadataUrl = 'http://127.0.0.1:8080/.well-known/oauth-protected-resource/mcp';
  expect(headers.get('www-authenticate')).toContain(`resource_metadata="${metadataUrl}"`);
  expect(headers.get('www-authenticate')).toContain('scope="read:resources execute:tools"');
  for (const path of ['/mcp', '']) {
    const response = await fetch(new URL(`/.well-known/oauth-protected-resource${path}`, url));
    expect(await response.json()).toMatchObject({
      resource: RESOURCE,
      authorization_servers: [provider.issuer],
      scopes_supported: expect.arrayContaining(['execute:tools', 'notes']),
      bearer_methods_supported: ['header'],
    });
  }
});

test('a token opens what its scopes give', async () => {
  const token = await provider.token('agent', RESOURCE, 'execute:tools');
  for (const at of cluster.urls) {
    expect((await send(at, as(bearer(token), hello))).message.result).toMatchObject({
      content: [{ text: 'hello' }],
    });
  }
  const read = await send(url, as(bearer(token), modernRequest('resources/read', { uri: 'note://readme' })));
  expect(read.status).toBe(403);
  expect(read.headers.get('www-authenticate')).toMatch(
    /error="insufficient_scope".*scope="read:resources".*resource_metadata=/,
  );
});

test('a scope may stand for a role', async () => {
  const token = await provider.token('agent', RESOURCE, 'notes');
  const read = (uri: string) => send(url, as(bearer(token), modernRequest('resources/read', { uri })));
  expect((await read('note://readme')).status).toBe(200);
  expect((await read('user://1')).status).toBe(403);
});

test('API keys work beside tokens', async () => {
  expect((await send(url, as(await makeKey(cluster), hello))).status).toBe(200);
});

test('an official client finds its way from the refusal to a token by itself', async () => {
  const answers = new Set<number>();
  // The cluster listens on another port than the resource is known by.
  const toCluster: typeof fetch = async (input, init) => {
    const asked = new URL(input instanceof Request ? input.url : String(input));
    const target = asked.origin === new URL(RESOURCE).origin ? new URL(asked.pathname, url) : asked;
    const response = await fetch(target, init);
    answers.add(response.status);
    return response;
  };
  const { issuer, clientSecret } = provider;
  const authProvider = new ClientCredentialsProvider({
    clientId: 'agent',
    clientSecret,
    expectedIssuer: issuer,
    tokenEndpointAuthMethod: 'client_secret_post',
  } as ConstructorParameters<typeof ClientCredentialsProvider>[0]);
  const client = new Client({ name: 'agent', version: '1' });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(RESOURCE), { authProvider, fetch: toCluster }),
  );
  onTestFinished(() => client.close());
  expect((await client.callTool({ name: 'echo', arguments: { text: 'found it' } })).content).toEqual([
    { type: 'text', text: 'found it' },
  ]);
  expect(answers).toContain(401);
});

const { privateKey: strangersKey } = await generateKeyPair('RS256');
const claims = () => ({ iss: provider.issuer, aud: RESOURCE, sub: 'agent', scope: 'execute:tools' });
const signed = (payload: object, header: object = {}) =>
  new SignJWT({ ...payload })
    .setProtectedHeader({ alg: 'RS256', ...header })
    .setExpirationTime('1m')
    .sign(strangersKey);

test.each<[string, () => string | Promise<string>]>([
  ['for another resource', () => provider.token('agent', 'http://127.0.0.1:8080/other', 'execute:tools')],
  ['that somebody else signed', () => signed(claims())],
  ['without a signature', () => new UnsecuredJWT(claims()).setExpirationTime('1m').encode()],
  ['of another issuer', () => signed({ ...claims(), iss: 'http://127.0.0.1:1' })],
  ['whose payload was changed', async () => changed(await provider.token('agent', RESOURCE, 'notes'))],
  ['that is none', () => 'not-a-token'],
])('a token %s is refused', async (_, make) => {
  const { status, headers, message } = await send(url, as(bearer(await make()), hello));
  expect({ status, name: message.error?.data?.['name'] }).toEqual({ status: 401, name: 'unauthenticated' });
  expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
});

/** The same signature under a payload with more scopes. */
function changed(token: string): string {
  const [header, , signature] = token.split('.');
  const payload = { ...decodeJwt(token), scope: 'execute:tools' };
  return [header, Buffer.from(JSON.stringify(payload)).toString('base64url'), signature].join('.');
}

test('the public key of the issuer is not taken for a shared secret', async () => {
  const { keys } = (await (await fetch(`${provider.issuer}/jwks`)).json()) as { keys: { kid: string }[] };
  const secret = new TextEncoder().encode(JSON.stringify(keys[0]));
  const token = await new SignJWT(claims())
    .setProtectedHeader({ alg: 'HS256', kid: keys[0]?.kid ?? '' })
    .setExpirationTime('1m')
    .sign(secret);
  expect((await send(url, as(bearer(token), hello))).status).toBe(401);
});

test('a token that has expired is refused, and was good until then', async () => {
  const { at, token } = await shortLived(1);
  expect((await send(at, as(bearer(token), hello))).status).toBe(200);
  await expect
    .poll(async () => (await send(at, as(bearer(token), hello))).status, { timeout: 3_000 })
    .toBe(401);
  expect((await send(at, as(bearer(token), hello))).headers.get('www-authenticate')).toContain('has expired');
});

/** A front door of its own, and a token for it that is good for some seconds. */
async function shortLived(seconds: number): Promise<{ at: string; token: string }> {
  const issuer = await OpenIdProvider.start({ tokenTtl: seconds });
  onTestFinished(() => issuer.stop());
  await cluster.startFrontDoor({
    MILLRACE_JWT_ISSUER: issuer.issuer,
    MILLRACE_JWT_CLOCK_SKEW_MS: '0',
    MILLRACE_KEEP_ALIVE_MS: '100',
    MILLRACE_WS_HEARTBEAT_MS: '100',
  });
  const at = cluster.urls.at(-1) ?? '';
  await cluster.seesWorkers(1);
  return { at, token: await issuer.token('agent', RESOURCE, 'execute:tools') };
}

const socketUrl = (at: string) => at.replace('http', 'ws').replace('/mcp', '/ws');

/** @returns the status that the handshake is refused with */
async function refusalOf(at: string, headers: Record<string, string>): Promise<number> {
  const [, { statusCode }] = await once(new WebSocket(socketUrl(at), { headers }), 'unexpected-response');
  return statusCode;
}

test('a WebSocket opens with a good token only', async () => {
  expect(await refusalOf(url, {})).toBe(401);
  expect(await refusalOf(url, bearer(await signed(claims())).headers)).toBe(401);
  const elsewhere = await provider.token('agent', 'http://127.0.0.1:8080/other', 'execute:tools');
  expect(await refusalOf(url, bearer(elsewhere).headers)).toBe(401);

  const token = await provider.token('agent', RESOURCE, 'execute:tools');
  const socket = new WebSocket(socketUrl(url), bearer(token));
  onTestFinished(() => socket.terminate());
  const heard: string[] = [];
  socket.on('message', (data) => heard.push(String(data)));
  await once(socket, 'open');
  socket.send(JSON.stringify(hello.body));
  await expect.poll(() => heard.join()).toContain('"text":"hello"');
  const { body } = modernRequest('resources/read', { uri: 'note://readme' });
  socket.send(JSON.stringify({ ...body, id: 2 }));
  await expect.poll(() => heard.join()).toContain('"permission_denied"');
});

test('streams and WebSockets end with the token that opened them, and do not open again', async () => {
  const { at, token } = await shortLived(4);
  const listen = modernRequest('subscriptions/listen', { notifications: { toolsListChanged: true } });
  const { headers, body } = as(bearer(token), listen);
  const stream = await EventStream.open(at, { method: 'POST', headers, body: JSON.stringify(body) });
  onTestFinished(() => stream.drop());
  await stream.message();
  const session = await Session.open(at, bearer(token));
  const events = await session.stream(at);
  onTestFinished(() => events.drop());
  expect(events.response.status).toBe(200);
  const socket = new WebSocket(socketUrl(at), bearer(token));
  const closed = once(socket, 'close');
  await once(socket, 'open');

  await Promise.all([stream.rest(), events.rest()]);
  const [code] = await closed;
  expect(code).toBe(4401);
  expect(await refusalOf(at, bearer(token).headers)).toBe(401);
});

test('tenants and roles come from the claims that the operator names', async () => {
  await cluster.startFrontDoor({ MILLRACE_JWT_TENANT_CLAIM: 'tenant', MILLRACE_JWT_ROLES_CLAIM: 'groups' });
  const at = cluster.urls.at(-1) ?? '';
  await cluster.seesWorkers(1);
  const roaming = await provider.token('roaming', RESOURCE);
  expect((await send(at, as(bearer(roaming), toolCall('add', { a: 1, b: 2 })))).status).toBe(200);
  expect((await send(at, as(bearer(roaming), hello))).status).toBe(403);
  const homeless = await send(
    at,
    as(bearer(await provider.token('agent', RESOURCE, 'execute:tools')), hello),
  );
  expect(homeless.status).toBe(401);
  expect(homeless.headers.get('www-authenticate')).toContain('names no tenant');
});

test('while the issuer is away, its last keys count', async () => {
  const known = await provider.token('agent', RESOURCE, 'execute:tools');
  const unseen = await provider.token('agent', RESOURCE, 'execute:tools notes');
  await send(url, as(bearer(known), hello));
  provider.fail();
  onTestFinished(() => provider.rotateKeys());
  expect((await send(url, as(bearer(known), hello))).status).toBe(200);
  expect((await send(url, as(bearer(unseen), hello))).status).toBe(200);
  await cluster.startFrontDoor();
  const at = cluster.urls.at(-1) ?? '';
  const { status, headers, message } = await send(at, as(bearer(known), hello));
  expect({ status, name: message.error?.data?.['name'] }).toEqual({
    status: 503,
    name: 'authentication_unavailable',
  });
  expect(headers.get('retry-after')).toBe('2');
});

test('who presents the same token again does not make the issuer work', async () => {
  const token = await provider.token('agent', RESOURCE, 'execute:tools');
  await cluster.startFrontDoor();
  const at = cluster.urls.at(-1) ?? '';
  await cluster.seesWorkers(1);
  const before = provider.keyReads;
  const burst = Array.from({ length: 20 }, () => send(at, as(bearer(token), hello)));
  for (const { status } of await Promise.all(burst)) expect(status).toBe(200);
  expect(provider.keyReads).toBe(before + 1);
});
