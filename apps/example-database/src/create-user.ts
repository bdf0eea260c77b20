import { defineTool, ToolError, type ToolTarget } from '@millrace/toolkit';
import { z } from 'zod';
import { DatabaseError } from './database-error.ts';
import { userSchema } from './query-users.ts';
import { ROLES } from './roles.ts';
import type { Users } from './users.ts';
import { EMAIL_INDEX } from './users-table.ts';

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
    permissions: ['write:resources'],
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
    async handler(newUser) {
      try {
        return await users.create(newUser);
      } catch (error) {
        throw error instanceof DatabaseError && error.isDuplicateIn(EMAIL_INDEX)
          ? taken(newUser.email, error)
          : error;
      }
    },
  });
}

function taken(email: string, cause: DatabaseError): ToolError {
  return new ToolError(`A user with the e-mail address ${email} exists already`, {
    type: 'conflict',
    details: { field: 'email', email },
    suggestions: ['Use another e-mail address, or find the user with query_users.'],
    cause,
  });
}
