import { definePlugin, defineTool, type InputMigration } from '@millrace/toolkit';
import { z } from 'zod';

const READ_ONLY = { readOnlyHint: true };

const yesterday = defineTool({
  name: 'address',
  annotations: READ_ONLY,
  input: z.object({ fullName: z.string() }),
  handler: ({ fullName }) => `Dear ${fullName}`,
});

const MIGRATIONS: readonly InputMigration[] = [
  {
    from: 1,
    to: 2,
    migrate: ({ fullName, ...rest }) => {
      const [first, last] = String(fullName).split(' ');
      return { ...rest, first, last };
    },
  },
];

const today = defineTool({
  name: 'address',
  annotations: READ_ONLY,
  input: z.object({ first: z.string(), last: z.string() }),
  inputVersion: 2,
  migrations: MIGRATIONS,
  handler: ({ first, last }) => `Dear ${first} of the ${last}s`,
});

/** A tool whose input was changed; `RELEASE` says which release of it the worker has. */
export default definePlugin({
  name: 'migrated',
  version: '1.0.0',
  setup: ({ env }) => ({ tools: [env['RELEASE'] === 'yesterday' ? yesterday : today] }),
});
