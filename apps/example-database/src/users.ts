import type { Database, Row } from './database.ts';

export const ROLES = ['admin', 'editor', 'viewer'] as const;

export type Role = (typeof ROLES)[number];

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

  /** @returns undefined when the e-mail address is taken */
  async create({ email, name, role }: NewUser): Promise<User | undefined> {
    const rows = await this.#database.query<UserRow>(
      `INSERT INTO users (email, name, role) VALUES ($1, $2, $3)
       ON CONFLICT (lower(email)) DO NOTHING
       RETURNING ${COLUMNS}`,
      [email, name, role],
    );
    return rows[0] && toUser(rows[0]);
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
