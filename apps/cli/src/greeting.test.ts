import { expect, test } from 'vitest';
import { type Addresses, greeting } from './greeting.ts';

const addresses: Addresses = {
  host: '127.0.0.1',
  auth: [],
  url: 'http://127.0.0.1:8080/mcp',
  frontDoorAdmin: 'http://127.0.0.1:9090',
  workerAdmin: 'http://127.0.0.1:9091',
  redis: 'redis://:hunter2@127.0.0.1:6379',
};

test('that nobody is authenticated is said loudly, and louder where others can connect', () => {
  expect(greeting(addresses)).toContain('!! NO AUTHENTICATION. Bound to 127.0.0.1');
  expect(greeting({ ...addresses, host: '0.0.0.0' })).toContain('EVERYBODY WHO REACHES THIS MACHINE');
});

test('with authentication it says which, and the example shows a key', () => {
  const text = greeting({ ...addresses, auth: ['api-key', 'jwt'] });
  expect(text).toContain('Authentication: api-key, jwt.');
  expect(text).toContain('-H "authorization: Bearer $MILLRACE_API_KEY"');
  expect(text).not.toContain('NO AUTHENTICATION');
});

test('no password is printed', () => {
  expect(greeting(addresses)).not.toContain('hunter2');
});
