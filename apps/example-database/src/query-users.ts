import { defineTool, type ToolTarget } from '@millrace/toolkit';
import { z } from 'zod';
import { ROLES } from './roles.ts';
import type { Users } from './users.ts';

const LARGEST_PAGE = 100;

const input = z.object({
  role: z.enum(ROLES).optional().describe('Only users of this role'),
  active: z.boolean().optional().describe('Only active users, or only those that are not'),
  created_after: z
    .union([z.iso.date(), z.iso.datetime({ offset: true })], {
      error: 'expected an ISO 8601 date, or a time with its offset',
    })
    .optional()
    .describe(
      'Only users created after this time, such as 2025-06-01 (midnight UTC) or 2025-06-01T08:00:00Z',
    ),
  limit: z
    .int()
    .min(1)
    .default(20)
    .describe(`Users to return at most; more than ${LARGEST_PAGE} counts as ${LARGEST_PAGE}`),
  offset: z.int().min(0).default(0).describe('Users to pass over, in the order of their ids'),
});

export const userSchema = z.object({
  id: z.int(),
  email: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  active: z.boolean(),
  created_at: z.string().describe('ISO 8601'),
});

const output = z.object({
  users: z.array(userSchema),
  total: z.int().describe('Users that pass the filters, also those on other pages'),
  limit: z.int(),
  offset: z.int(),
});

export function queryUsers(users: Users): ToolTarget {
  return defineTool({
    name: 'query_users',
    title: 'Query users',
    description: 'Lists users, filtered by role, activity and age, page by page.',
    input,
    output,
    annotations: { readOnlyHint: true, openWorldHint: false },
    async handler({ role, active, created_after, limit: asked, offset }) {
      const limit = Math.min(asked, LARGEST_PAGE);
      const createdAfter = created_after === undefined ? undefined : new Date(created_after);
      return { ...(await users.list({ role, active, createdAfter }, limit, offset)), limit, offset };
    },
  });
}
