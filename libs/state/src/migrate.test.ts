import { describe, expect, it } from 'vitest';
import { migrate } from './migrate.ts';
import { DATABASES, useTestDatabase } from './testing/test-database.ts';

describe.each(DATABASES)('the tables in a database (%s)', (kind) => {
  const database = useTestDatabase(kind);
  const applied = () => database().query('SELECT number FROM millrace_migrations ORDER BY number');

  it('are made by the numbered files, each once', async () => {
    expect(await applied()).toEqual([{ number: 1 }, { number: 2 }, { number: 3 }]);
    await database().query(
      "INSERT INTO millrace_contexts (key, version, value, expires_at) VALUES ('k', 'v', 'x', 'infinity')",
    );
    await migrate(database());
    expect(await database().query("SELECT value FROM millrace_contexts WHERE key = 'k'")).toEqual([
      { value: 'x' },
    ]);
  });

  it('are made once by workers that start at the same time', async () => {
    await database().query(
      'DROP TABLE millrace_migrations, millrace_contexts, millrace_events, millrace_snapshots',
    );
    await Promise.all([migrate(database()), migrate(database()), migrate(database())]);
    expect(await applied()).toEqual([{ number: 1 }, { number: 2 }, { number: 3 }]);
  });

  it('are left as they were when a file fails, and the file is named', async () => {
    await database().query('DELETE FROM millrace_migrations WHERE number = 2');
    await expect(migrate(database())).rejects.toMatchObject({
      message: 'The migration 0002-events.sql failed',
      cause: expect.objectContaining({ message: expect.stringContaining('already exists') }),
    });
    expect(await applied()).toEqual([{ number: 1 }, { number: 3 }]);
  });
});
