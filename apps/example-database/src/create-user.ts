import { defineTool, ToolError, type ToolTarget } from '@millrace/toolkit';
import { z } from 'zod';
import { userSchema } from './query-users.ts';
import { ROLES, type Users } from './users.ts';

const LONGEST_EMAIL = 254;
const LONGEST_NAME = 200;

const input = z.object({
  email: z.email().max(LONGEST_EMAIL).describe('Must not be in use; capitals make no difference'),
  name: z.string().trim().min(1).max(LONGEST_NAME),
  role: z.enum(ROLES).default('viewer'),
});

export function createUser(users: Users): ToolTarget {
  return defineTool({
    name: 'create_user',
    title: 'Create a user',
    description: 'Creates a user and returns it. Each e-mail address can be used once.',
    input,
    output: userSchema,
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
    async handler(newUser) {
      const created = await users.create(newUser);
      if (created) return created;
      throw new ToolError(`A user with the e-mail address ${newUser.email} exists already`, {
        details: { field: 'email', email: newUser.email },
        suggestions: ['Use another e-mail address, or find the user with query_users.'],
      });
    },
  });
}
