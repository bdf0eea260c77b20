import { denialOf, MillraceError } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { AccessPolicy } from './access-policy.ts';
import { authorizationSchema } from './authorization.ts';
import { challengeOf } from './challenge.ts';
import { unauthenticated } from './refusal.ts';
import { ResourceMetadata } from './resource-metadata.ts';

const METADATA = 'https://mcp.example.com/.well-known/oauth-protected-resource/mcp';
const options = { metadataUrl: METADATA, scopes: ['execute:tools'] };

test('who shows nothing is told where to begin', () => {
  expect(challengeOf(unauthenticated('Authentication is required'), options)).toBe(
    `Bearer realm="millrace", scope="execute:tools", resource_metadata="${METADATA}"`,
  );
  expect(challengeOf(unauthenticated('Authentication is required'), { scopes: [] })).toBe(
    'Bearer realm="millrace"',
  );
});

test('a wrong token is told to be wrong', () => {
  expect(challengeOf(unauthenticated('The token has expired', 'invalid_token'), options)).toContain(
    'error="invalid_token", error_description="The token has expired"',
  );
});

test('what a client made up cannot break out of the header', () => {
  const access = new AccessPolicy(authorizationSchema.parse({})).accessOf({ id: 'x', tenant: 't' });
  const denied = denialOf(access, { kind: 'tool', name: 'a"\r\nset-cookie: x="ü' });
  const header = challengeOf(denied as MillraceError, options) ?? '';
  expect(header).toContain('a???set-cookie: x=??"');
  expect(header).toMatch(/^[\x20-\x7e]+$/);
});

test('what another credential would not help against asks for none', () => {
  expect(challengeOf(new MillraceError('invalid_request', 'x'), options)).toBeUndefined();
  expect(challengeOf(new MillraceError('permission_denied', 'x'), options)).toBeUndefined();
});

test('the metadata stands where RFC 9728 looks for it', () => {
  const about = { issuers: ['https://login.example.com'], scopes: ['a'], name: 'millrace' };
  const metadata = new ResourceMetadata({ url: 'https://mcp.example.com/mcp', ...about });
  expect(metadata.url).toBe(METADATA);
  expect(metadata.paths).toEqual([
    '/.well-known/oauth-protected-resource',
    '/.well-known/oauth-protected-resource/mcp',
  ]);
  expect(JSON.parse(metadata.body)).toMatchObject({ resource: 'https://mcp.example.com/mcp' });
  const atRoot = new ResourceMetadata({ url: 'https://mcp.example.com', ...about });
  expect(atRoot.url).toBe('https://mcp.example.com/.well-known/oauth-protected-resource');
});
