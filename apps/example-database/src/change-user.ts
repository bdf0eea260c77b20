import { defineTool, ToolError, type ToolTarget } from '@millrace/toolkit';
import { z } from 'zod';
import { userSchema } from './query-users.ts';
import { ROLES } from './roles.ts';
import type { Users } from './users.ts';

const LONGEST_NAME = 200;

const input = z.object({
  id: z.int().min(1),
  name: z.string().trim().min(1).max(LONGEST_NAME).optional(),
  role: z.enum(ROLES).optional(),
  active: z.boolean().optional(),
  expected_version: z
    .int()
    .min(0)
    .optional()
    .describe('Refuses the change when the user has changed since this version of its history'),
});

const output = userSchema.extend({ version: z.int().describe('Of the history of the user') });

export function changeUser(users: Users): ToolTarget {
  return defineTool({
    name: 'change_user',
    title: 'Change a user',
    description: 'Changes the name, role or activity of a user, and writes that into its history.',
    input,
    output,
    permissions: ['write:resources'],
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    async handler({ id, expected_version, name, role, active }) {
      const fields = {
        ...(name && { name }),
        ...(role && { role }),
        ...(active !== undefined && { active }),
      };
      if (Object.keys(fields).length === 0) {
        throw new ToolError('Nothing to change: give name, role or active', { type: 'validation' });
      }
      const changed = await users.change(id, fields, expected_version);
      if (!changed)
        throw new ToolError(`There is no user ${id}`, { type: 'resource_not_found', details: { id } });
      return changed;
    },
  });
}
