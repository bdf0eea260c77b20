import { definePrompt, type PromptTarget } from '@millrace/toolkit';
import { z } from 'zod';
import { ROLES } from './roles.ts';
import type { Users } from './users.ts';

const MOST_USERS = 100;

export function summarizeUsers(users: Users): PromptTarget {
  return definePrompt({
    name: 'summarize_users',
    title: 'Summarize users',
    description: 'Asks for a short summary of the users, or of those of one role.',
    arguments: z.object({ role: z.enum(ROLES).optional().describe('Only users of this role') }),
    complete: { role: (value) => ROLES.filter((role) => role.startsWith(value)) },
    async render({ role }) {
      const { users: page, total } = await users.list({ role }, MOST_USERS, 0);
      const whom = role ? `users of the role ${role}` : 'users';
      return [
        `Summarize these ${whom} in a few sentences: how many there are, who is active, and who came last.`,
        `There are ${total} in all; here are ${page.length} of them:`,
        JSON.stringify(page, null, 2),
      ].join('\n\n');
    },
  });
}
