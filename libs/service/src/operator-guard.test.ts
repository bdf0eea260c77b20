import { expect, test } from 'vitest';
import { operatorGuard } from './operator-guard.ts';

const TOKEN = 'a token of operators';

test.each([
  ['on loopback anybody of this machine passes', '127.0.0.1', '', { host: 'localhost:9090' }, undefined],
  ['by IPv6, too', '::1', '', { host: '[::1]:9090' }, undefined],
  ['a web page does not', '127.0.0.1', '', { host: 'localhost', origin: 'http://localhost' }, 403],
  ['nor one that has another name for this machine', '127.0.0.1', '', { host: 'evil.example:9090' }, 403],
  ['elsewhere nobody passes without a token', '0.0.0.0', '', { host: 'localhost' }, 403],
  ['with a token those pass who show it', '0.0.0.0', TOKEN, { authorization: `Bearer ${TOKEN}` }, undefined],
  ['a wrong one is refused', '0.0.0.0', TOKEN, { authorization: 'Bearer wrong' }, 401],
  ['and none, on loopback too', '127.0.0.1', TOKEN, { host: 'localhost' }, 401],
])('%s', (_, host, token, headers, status) => {
  expect(operatorGuard({ host, token })(headers)?.status).toBe(status);
});
