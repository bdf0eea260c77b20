import { expect, it } from 'vitest';
import { redact, redactText, withoutSecrets } from './redact.ts';

it.each([
  'password',
  'dbPassword',
  'apiKey',
  'api_key',
  'access_token',
  'Authorization',
  'client_secret',
  'setCookie',
])('does not show what is called %s', (name) => {
  expect(redact({ a: { [name]: 'x', shown: 1 } })).toEqual({ a: { [name]: '[redacted]', shown: 1 } });
});

it.each([
  'mrk_abc_0123456789',
  'my token is eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln',
  'Bearer abc',
  '-----BEGIN RSA PRIVATE KEY-----\nMII',
])('does not show what looks like a secret: %s', (text) => {
  expect(redact([text])).toEqual(['[redacted]']);
});

it('does not show what it is told not to', () => {
  expect(redact({ iban: 'DE00', city: 'Ulm' }, new Set(['iban']))).toEqual({
    iban: '[redacted]',
    city: 'Ulm',
  });
});

it('shows URLs without who opens them', () => {
  expect(redactText('redis://user:secret@host:6379/0')).toBe('redis://[redacted]@host:6379/0');
});

it('cuts what is long, deep or wide', () => {
  expect(String(redact('a'.repeat(1_000)))).toHaveLength(256 + '… (1000)'.length);
  expect(redact({ a: { b: { c: { d: { e: { f: { g: 1 } } } } } } })).toEqual({
    a: { b: { c: { d: { e: { f: '…' } } } } },
  });
  expect(redact(Array.from({ length: 100 }, () => 1))).toHaveLength(32);
});

it('shows settings and log fields whole, but for their secrets', () => {
  const error = new Error('broken');
  const given = {
    redisUrl: 'redis://user:secret@host:6379',
    envelopeKey: 'x'.repeat(32),
    previousEnvelopeKey: '',
    payloadKeys: ['k1:abc'],
    upstreams: { files: { env: { API_TOKEN: 'abc' }, args: ['a'.repeat(1_000)] } },
    maxTokens: 5,
    err: error,
  };
  expect(withoutSecrets(given)).toEqual({
    redisUrl: 'redis://[redacted]@host:6379',
    envelopeKey: '[redacted]',
    previousEnvelopeKey: '',
    payloadKeys: '[redacted]',
    upstreams: { files: { env: { API_TOKEN: '[redacted]' }, args: ['a'.repeat(1_000)] } },
    maxTokens: 5,
    err: error,
  });
});
