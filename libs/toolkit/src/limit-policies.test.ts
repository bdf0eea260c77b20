import { expect, test } from 'vitest';
import { defineTool } from './tool.ts';

const tool = (policies: object) => defineTool({ name: 'mail', policies, handler: () => 'sent' });

test.each([
  [{ rateLimit: { limit: 0 } }, 'rateLimit.limit'],
  [{ rateLimit: { windowMs: 0 } }, 'rateLimit.windowMs'],
  [{ rateLimit: { algorithm: 'leaky-bucket' } }, 'rateLimit.algorithm'],
  [{ rateLimit: { per: 'street' } }, 'rateLimit.per'],
  [{ maxQueueMs: 0 }, 'maxQueueMs'],
  [{ priority: 'urgent' }, 'priority'],
])('%j is refused with the name of the tool and the field', (policies, field) => {
  expect(() => tool(policies)).toThrow(/^Tool mail, policies: /);
  expect(() => tool(policies)).toThrow(field);
});
