import { MillraceError } from './errors.ts';

/** Turns a value of one version into the same value of another; must not change what it is given. */
export type Migration<Value> = (value: Value) => Value;

/** One registered migration, and how it was reached from the version that a search began with. */
interface Step<Value> {
  readonly to: number;
  readonly apply: Migration<Value>;
  readonly before: Step<Value> | undefined;
}

/** The versions of one kind of message and the ways between them. The shortest way is taken. */
export class Migrations<Value> {
  readonly #what: string;
  readonly #migrations = new Map<number, Map<number, Migration<Value>>>();
  readonly #paths = new Map<string, readonly Migration<Value>[]>();

  /** @param what is migrated, as errors name it, such as `batch` */
  constructor(what: string) {
    this.#what = what;
  }

  /** Adds the way from one version to another, often the next one; the way back is one of its own. */
  register(from: number, to: number, migration: Migration<Value>): this {
    const ways = this.#migrations.get(from) ?? new Map<number, Migration<Value>>();
    if (from === to || ways.has(to)) {
      throw new Error(`${this.#what}: a migration from version ${from} to ${to} is there already`);
    }
    this.#migrations.set(from, ways.set(to, migration));
    this.#paths.clear();
    return this;
  }

  /**
   * @returns the value in version `to`; the very same one when that is its version
   * @throws MillraceError `no_migration`, which names both versions, when no way leads there
   */
  migrate(value: Value, from: number, to: number): Value {
    if (from === to) return value;
    let migrated = value;
    for (const step of this.path(from, to)) migrated = step(migrated);
    return migrated;
  }

  /**
   * The steps from one version to another.
   * @throws MillraceError `no_migration`
   */
  path(from: number, to: number): readonly Migration<Value>[] {
    const key = `${from} ${to}`;
    const known = this.#paths.get(key);
    if (known) return known;
    const path = this.#search(from, to);
    this.#paths.set(key, path);
    return path;
  }

  /** Breadth first, so that the first way that is found is a shortest one. */
  #search(from: number, to: number): readonly Migration<Value>[] {
    const seen = new Set([from]);
    const reached = this.#next(from, undefined);
    for (const step of reached) {
      if (seen.has(step.to)) continue;
      if (step.to === to) return migrationsOf(step);
      seen.add(step.to);
      reached.push(...this.#next(step.to, step));
    }
    throw this.#noWay(from, to);
  }

  #next(from: number, before: Step<Value> | undefined): Step<Value>[] {
    const ways = this.#migrations.get(from) ?? [];
    return [...ways].map(([to, apply]) => ({ to, apply, before }));
  }

  #noWay(from: number, to: number): MillraceError {
    const known = new Set([...this.#migrations].flatMap(([version, ways]) => [version, ...ways.keys()]));
    const versions = [...known].sort((a, b) => a - b).join(', ') || 'none';
    return new MillraceError(
      'no_migration',
      `${this.#what} of version ${from} cannot be turned into version ${to}; known versions: ${versions}`,
      { details: { what: this.#what, from, to } },
    );
  }
}

function migrationsOf<Value>(last: Step<Value>): Migration<Value>[] {
  const path: Migration<Value>[] = [];
  for (let step: Step<Value> | undefined = last; step; step = step.before) path.unshift(step.apply);
  return path;
}
