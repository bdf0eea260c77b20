import { definePlugin } from '@millrace/toolkit';
import { changeUser } from './change-user.ts';
import { createUser } from './create-user.ts';
import { openDatabase } from './open-database.ts';
import { queryUsers } from './query-users.ts';
import { summarizeUsers } from './summarize-users.ts';
import { userHistoryTool } from './user-history-tool.ts';
import { apiDocs, userById, usersSchema } from './user-resources.ts';
import { Users } from './users.ts';
import { prepareUsersTable } from './users-table.ts';

/** Tools, resources and a prompt on a table of users. */
export const exampleDatabase = definePlugin({
  name: 'example-database',
  version: '0.1.0',
  async setup(host) {
    const database = await openDatabase(host);
    try {
      await prepareUsersTable(database);
    } catch (error) {
      await database.close();
      const which = host.env['DATABASE_URL'] ? 'that DATABASE_URL names' : 'that is embedded';
      throw new Error(`The table of users could not be prepared in the database ${which}`, { cause: error });
    }
    host.addCheck({ name: 'database', run: async () => void (await database.query('SELECT 1')) });
    const users = new Users(database);
    return {
      tools: [queryUsers(users), createUser(users), changeUser(users), userHistoryTool(users)],
      resources: [usersSchema(users), apiDocs()],
      resourceTemplates: [userById(users)],
      prompts: [summarizeUsers(users)],
      teardown: () => database.close(),
    };
  },
});
