import { migrate } from '@millrace/toolkit';
import type { Database } from './database.ts';
import { HISTORY, HISTORY_TENANT } from './user-history.ts';

/** Any number that nothing else locks on: workers that start at once must make the table one after the other. */
const LOCK = 7_116_428;

/** What keeps an e-mail address from being used twice. */
export const EMAIL_INDEX = 'users_email_once';

const COLUMNS = `
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL,
  name text NOT NULL,
  role text NOT NULL DEFAULT 'viewer' CHECK (role IN ('admin', 'editor', 'viewer')),
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now()`;

const SEED = `
  ('ada@millrace.example', 'Ada Lovelace', 'admin', true, '2025-01-15T09:00:00Z'),
  ('grace@millrace.example', 'Grace Hopper', 'admin', true, '2025-02-03T10:30:00Z'),
  ('alan@millrace.example', 'Alan Turing', 'editor', true, '2025-03-21T08:15:00Z'),
  ('barbara@millrace.example', 'Barbara Liskov', 'editor', true, '2025-05-09T14:45:00Z'),
  ('edsger@millrace.example', 'Edsger Dijkstra', 'editor', false, '2025-06-30T07:20:00Z'),
  ('katherine@millrace.example', 'Katherine Johnson', 'viewer', true, '2025-09-12T12:00:00Z'),
  ('dennis@millrace.example', 'Dennis Ritchie', 'viewer', false, '2025-11-01T16:10:00Z'),
  ('radia@millrace.example', 'Radia Perlman', 'viewer', true, '2026-02-18T11:05:00Z')`;

// One statement, hence one transaction, at whose end the lock is given back. An e-mail address is the same in capitals.
const PREPARE = `
DO $$
BEGIN
  PERFORM pg_advisory_xact_lock(${LOCK});
  CREATE TABLE IF NOT EXISTS users (${COLUMNS});
  CREATE UNIQUE INDEX IF NOT EXISTS ${EMAIL_INDEX} ON users (lower(email));
  IF NOT EXISTS (SELECT FROM users) THEN
    INSERT INTO users (email, name, role, active, created_at) VALUES ${SEED};
  END IF;
  INSERT INTO millrace_events (tenant, aggregate, version, type, data, at)
  SELECT '${HISTORY_TENANT}', '${HISTORY}/' || id, 1, 'created',
    json_build_object('email', email, 'name', name, 'role', role, 'active', active), created_at
  FROM users ON CONFLICT DO NOTHING;
END
$$`;

/** Makes the tables where they are missing, fills that of the users where it is empty, and begins their histories. */
export async function prepareUsersTable(database: Database): Promise<void> {
  await migrate(database);
  await database.query(PREPARE);
}
