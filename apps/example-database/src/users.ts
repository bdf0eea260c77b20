import type { Rebuilt } from '@millrace/toolkit';
import type { Database, Row } from './database.ts';
import type { Role } from './roles.ts';
import { historyOf, type UserFields, userHistory } from './user-history.ts';

export interface User {
  readonly id: number;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly active: boolean;
  /** ISO 8601. */
  readonly created_at: string;
}

export interface UserFilter {
  readonly role?: Role | undefined;
  readonly active?: boolean | undefined;
  readonly createdAfter?: Date | undefined;
}

export interface NewUser {
  readonly email: string;
  readonly name: string;
  readonly role: Role;
}

/** What can be changed of a user that is there. */
export type UserChange = Partial<Pick<UserFields, 'name' | 'role' | 'active'>>;

export interface ChangedUser extends User {
  /** Of the history of the user. */
  readonly version: number;
}

export interface Change {
  readonly version: number;
  readonly type: string;
  /** ISO 8601. */
  readonly at: string;
  readonly fields: UserChange;
}

interface UserRow extends Row {
  readonly created_at: Date;
}

const COLUMNS = 'id, email, name, role, active, created_at';

// A filter that is not given is null, and lets everything through.
const MATCHES = `
  ($1::text IS NULL OR role = $1)
  AND ($2::boolean IS NULL OR active = $2)
  AND ($3::timestamptz IS NULL OR created_at > $3)`;

/** The users of one database. */
export class Users {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** One page of the users that pass the filter, by id, and how many pass it in all. */
  async list(filter: UserFilter, limit: number, offset: number): Promise<{ users: User[]; total: number }> {
    const values = [filter.role ?? null, filter.active ?? null, filter.createdAfter?.toISOString() ?? null];
    const [rows, counts] = await Promise.all([
      this.#database.query<UserRow>(
        `SELECT ${COLUMNS} FROM users WHERE ${MATCHES} ORDER BY id LIMIT $4 OFFSET $5`,
        [...values, limit, offset],
      ),
      this.#database.query(`SELECT count(*)::integer AS total FROM users WHERE ${MATCHES}`, values),
    ]);
    return { users: rows.map(toUser), total: Number(counts[0]?.['total']) };
  }

  async find(id: number): Promise<User | undefined> {
    const rows = await this.#database.query<UserRow>(`SELECT ${COLUMNS} FROM users WHERE id = $1`, [id]);
    return rows[0] && toUser(rows[0]);
  }

  /** @throws DatabaseError, a duplicate in `EMAIL_INDEX` when the e-mail address is taken */
  create({ email, name, role }: NewUser): Promise<User> {
    return this.#database.transaction(async (within) => {
      const rows = await within.query<UserRow>(
        `INSERT INTO users (email, name, role) VALUES ($1, $2, $3)
         RETURNING ${COLUMNS}`,
        [email, name, role],
      );
      const user = toUser(rows[0] as UserRow);
      const data: UserFields = { email, name, role, active: user.active };
      await userHistory(within).append(historyOf(user.id), 0, [{ type: 'created', data }]);
      return user;
    });
  }

  /**
   * @param expected version of the history that the caller knows; unless given, whatever came before is all right
   * @returns undefined when there is no such user
   * @throws StateError `conflict` when the history is of another version
   */
  change(id: number, fields: UserChange, expected?: number): Promise<ChangedUser | undefined> {
    return this.#database.transaction(async (within) => {
      // Who changes the same user waits here until this is committed.
      const rows = await within.query<UserRow>(`SELECT ${COLUMNS} FROM users WHERE id = $1 FOR UPDATE`, [id]);
      if (!rows[0]) return undefined;
      const user = { ...toUser(rows[0]), ...fields };
      const history = userHistory(within);
      const known = expected ?? (await history.rebuild(historyOf(id))).version;
      const version = await history.append(historyOf(id), known, [{ type: 'changed', data: fields }]);
      const values = [id, user.name, user.role, user.active];
      await within.query('UPDATE users SET name = $2, role = $3, active = $4 WHERE id = $1', values);
      return { ...user, version };
    });
  }

  /** What happened to a user after a version of its history. */
  async changes(id: number, after: number, most: number): Promise<Change[]> {
    const changes: Change[] = [];
    for await (const { version, type, at, data } of userHistory(this.#database).read(historyOf(id), after)) {
      if (changes.length === most) break;
      changes.push({ version, type, at: new Date(at).toISOString(), fields: data as UserChange });
    }
    return changes;
  }

  /** The user as its history makes it; of version 0 when it has none. */
  replay(id: number): Promise<Rebuilt<Partial<UserFields>>> {
    return userHistory(this.#database).rebuild(historyOf(id));
  }

  /** The columns of the table as the database itself describes them. */
  async columns(): Promise<Row[]> {
    return this.#database.query(
      `SELECT column_name AS name, data_type AS type, is_nullable = 'YES' AS nullable, column_default AS default
       FROM information_schema.columns
       WHERE table_schema = current_schema() AND table_name = 'users'
       ORDER BY ordinal_position`,
    );
  }
}

function toUser(row: UserRow): User {
  return { ...(row as unknown as User), created_at: row.created_at.toISOString() };
}
