import { expect, test } from 'vitest';
import { StreamQuota } from './stream-quota.ts';

const ada = { principal: { id: 'ada', tenant: 'acme', roles: [] } };
const bob = { principal: { id: 'ada', tenant: 'other', roles: [] } };
const tooMany = expect.objectContaining({ kind: 'too_many_streams' });

test('each principal has its own streams, and may open another one when one is closed', () => {
  const quota = new StreamQuota(2);
  const close = quota.open(ada);
  quota.open(ada);
  expect(() => quota.open(ada)).toThrow(tooMany);
  quota.open(bob);
  close();
  close();
  quota.open(ada);
  expect(() => quota.open(ada)).toThrow(tooMany);
});

test('where nobody is authenticated none is counted', () => {
  const quota = new StreamQuota(1);
  for (let opened = 0; opened < 3; opened += 1) quota.open(undefined)();
  quota.open(undefined);
  expect(() => quota.open(undefined)).not.toThrow();
});
