import type { Database } from './database.ts';

/** Any number that nothing else locks on: workers that start at once must make the table one after the other. */
const LOCK = 7_116_428;

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
  CREATE UNIQUE INDEX IF NOT EXISTS users_email_once ON users (lower(email));
  IF NOT EXISTS (SELECT FROM users) THEN
    INSERT INTO users (email, name, role, active, created_at) VALUES ${SEED};
  END IF;
END
$$`;

/** Makes the table of users where it is missing, and fills it where it is empty. */
export async function prepareUsersTable(database: Database): Promise<void> {
  await database.query(PREPARE);
}
