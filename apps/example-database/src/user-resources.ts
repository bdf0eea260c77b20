import { defineResource, defineResourceTemplate, MillraceError } from '@millrace/toolkit';
import { API_DOCS } from './api-docs.ts';
import type { Users } from './users.ts';

const JSON_TYPE = 'application/json';

/** Ids are Postgres integers, which end at 2,147,483,647: nine digits always fit. */
const ID = /^\d{1,9}$/;

export function usersSchema(users: Users) {
  return defineResource({
    uri: 'schema://users',
    name: 'users_schema',
    title: 'Table of users',
    description: 'The columns of the table of users, read from the live database.',
    mimeType: JSON_TYPE,
    read: async () => JSON.stringify({ table: 'users', columns: await users.columns() }, null, 2),
  });
}

export function apiDocs() {
  return defineResource({
    uri: 'docs://api',
    name: 'api_docs',
    title: 'Documentation',
    description: 'What the tools, resources and prompts of this server do.',
    mimeType: 'text/markdown',
    read: () => API_DOCS,
  });
}

export function userById(users: Users) {
  return defineResourceTemplate({
    uriTemplate: 'user://{id}',
    name: 'user',
    title: 'One user',
    description: 'A user, by the id that query_users gives.',
    mimeType: JSON_TYPE,
    async read(uri, { id }) {
      const user = ID.test(String(id)) ? await users.find(Number(id)) : undefined;
      if (!user)
        throw new MillraceError('resource_not_found', `There is no user ${id}`, { details: { uri } });
      return JSON.stringify(user, null, 2);
    },
  });
}
