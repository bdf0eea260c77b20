import { EventStore, PostgresEventLog } from '@millrace/toolkit';
import type { Statements } from './database.ts';
import type { Role } from './roles.ts';

/** What of a user can change. */
export interface UserFields {
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly active: boolean;
}

/** Begins the names of the histories, in the table of events as well. */
export const HISTORY = 'user';

/** The users of the example belong to all tenants. */
export const HISTORY_TENANT = 'example';

const SNAPSHOT_EVERY = 20;

/**
 * What happened to each user, in the same database as the users: given a transaction, a change and its event are
 * written together or not at all.
 */
export function userHistory(database: Statements): EventStore<Partial<UserFields>> {
  return new EventStore(
    {
      name: HISTORY,
      initial: {},
      reduce: (user, { data }) => ({ ...user, ...(data as Partial<UserFields>) }),
      snapshotEvery: SNAPSHOT_EVERY,
    },
    { log: new PostgresEventLog(database) },
  );
}

export function historyOf(user: number): { readonly tenant: string; readonly id: string } {
  return { tenant: HISTORY_TENANT, id: String(user) };
}
