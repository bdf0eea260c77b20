import { defineTool, ToolError, type ToolTarget } from '@millrace/toolkit';
import { z } from 'zod';
import type { Users } from './users.ts';

const MOST_EVENTS = 100;

const input = z.object({
  id: z.int().min(1),
  after: z.int().min(0).default(0).describe('Version of the last change that is known already'),
});

const output = z.object({
  version: z.int().describe('Of the last change'),
  changes: z
    .array(
      z.object({
        version: z.int(),
        type: z.string(),
        at: z.string(),
        fields: z.record(z.string(), z.unknown()),
      }),
    )
    .describe(`At most ${MOST_EVENTS}, the oldest first`),
  replayed: z.record(z.string(), z.unknown()).describe('The user as its history makes it'),
});

export function userHistoryTool(users: Users): ToolTarget {
  return defineTool({
    name: 'user_history',
    title: 'History of a user',
    description: 'Lists what happened to a user, and replays it.',
    input,
    output,
    annotations: { readOnlyHint: true, openWorldHint: false },
    async handler({ id, after }) {
      const { state, version } = await users.replay(id);
      if (version === 0) {
        throw new ToolError(`There is no user ${id}`, { type: 'resource_not_found', details: { id } });
      }
      return { version, changes: await users.changes(id, after, MOST_EVENTS), replayed: { ...state } };
    },
  });
}
