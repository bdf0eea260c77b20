import { SignJWT } from 'jose';
import { beforeEach, expect, test } from 'vitest';
import { AccessPolicy } from './access-policy.ts';
import { authorizationSchema } from './authorization.ts';
import { TestClock } from './testing/keys.ts';
import { type TokenRules, TokenVerifier } from './token-verifier.ts';

const RULES: TokenRules = {
  issuer: 'https://i',
  audience: ['https://me'],
  algorithms: ['HS256'],
  clockSkewMs: 10_000,
};
/** Algorithms and keys are the caller's to choose: here a secret, which makes tokens in a moment. */
const SECRET = new TextEncoder().encode('x'.repeat(32));
const policy = new AccessPolicy(
  authorizationSchema.parse({ scopes: { all: ['execute:tools', 'read:resources'] } }),
);

let clock: TestClock;
let checks: number;
beforeEach(() => {
  clock = new TestClock();
  checks = 0;
});

function verifier(rules: Partial<TokenRules> = {}): TokenVerifier {
  const keys = async () => {
    checks += 1;
    return SECRET;
  };
  return new TokenVerifier({ rules: { ...RULES, ...rules }, keys, policy, clock });
}

/** As a token may have them, also wrong ones. */
type Claims = Record<string, unknown>;

function token(claims: Claims = {}, expiresInS = 60): Promise<string> {
  const payload = {
    iss: 'https://i',
    aud: 'https://me',
    sub: 'ada',
    exp: clock.time / 1000 + expiresInS,
    ...claims,
  };
  return new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(SECRET);
}

test('a token is verified once, and known until it expires', async () => {
  const tokens = verifier();
  const text = await token({ scope: 'all' });
  const caller = await tokens.authenticate(text);
  expect(caller.principal).toEqual({
    id: 'jwt:ada',
    tenant: 'default',
    roles: ['execute:tools', 'read:resources'],
  });
  expect(tokens.authenticate(text)).toBe(caller);
  clock.time += 69_000;
  expect(tokens.authenticate(text)).toBe(caller);
  expect(caller.valid()).toBe(true);
  clock.time += 2_000;
  expect(caller.valid()).toBe(false);
  await expect(tokens.authenticate(text)).rejects.toThrow('has expired');
  expect(checks).toBe(2);
});

test('a burst of requests with a new token verifies it once', async () => {
  const tokens = verifier();
  const text = await token();
  await Promise.all(Array.from({ length: 10 }, () => tokens.authenticate(text)));
  expect(checks).toBe(1);
});

test.each<[string, Claims, RegExp]>([
  ['another issuer', { iss: 'https://other' }, /wrong claim: iss/],
  ['another audience', { aud: 'https://other' }, /wrong claim: aud/],
  ['no audience', { aud: undefined }, /wrong claim: aud/],
  ['no subject', { sub: undefined }, /wrong claim: sub/],
  ['no end', { exp: undefined }, /wrong claim: exp/],
  ['a beginning that is still to come', { nbf: 1_100 }, /wrong claim: nbf/],
])('refuses a token with %s', async (_, claims, message) => {
  await expect(verifier().authenticate(await token(claims))).rejects.toMatchObject({
    kind: 'unauthenticated',
    message: expect.stringMatching(message),
  });
});

test('the clocks may differ by as much as is allowed', async () => {
  expect(await verifier().authenticate(await token({}, -9))).toBeDefined();
  await expect(verifier().authenticate(await token({}, -11))).rejects.toThrow('has expired');
});

test('an algorithm that is not on the list is refused, whatever the key', async () => {
  await expect(verifier({ algorithms: ['HS512'] }).authenticate(await token())).rejects.toThrow(
    'is not valid',
  );
});

test('what is too long is not looked at', () => {
  expect(() => verifier().authenticate('x'.repeat(8_193))).toThrow('too long');
});

test('roles come from a claim, by its name or its path, and unknown ones are dropped', async () => {
  const flat = await token({ 'https://acme/roles': ['execute:tools', 'unknown', 7] });
  expect((await verifier({ rolesClaim: 'https://acme/roles' }).authenticate(flat)).principal.roles).toEqual([
    'execute:tools',
  ]);
  const nested = await token({ realm_access: { roles: ['read:resources'] } });
  expect((await verifier({ rolesClaim: 'realm_access.roles' }).authenticate(nested)).principal.roles).toEqual(
    ['read:resources'],
  );
  expect((await verifier({ rolesClaim: 'constructor.name' }).authenticate(nested)).principal.roles).toEqual(
    [],
  );
});

test('a token without the tenant that it must name is refused', async () => {
  const rules = { tenantClaim: 'org' };
  expect((await verifier(rules).authenticate(await token({ org: 'acme' }))).principal.tenant).toBe('acme');
  for (const org of [undefined, '', 7]) {
    await expect(verifier(rules).authenticate(await token({ org }))).rejects.toThrow('names no tenant');
  }
});
