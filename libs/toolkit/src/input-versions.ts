import { type Call, isJsonObject, type JsonObject, Migrations, MillraceError } from '@millrace/protocol';
import type { z } from 'zod';
import { check, checkArguments, type ObjectSchema } from './schema.ts';

/** Under this key of `_meta` a tool tells the version of its input, and a call the version of its arguments. */
export const INPUT_VERSION_META_KEY = 'dev.millrace/inputVersion';

/** One step in the history of a tool's input; the shortest way to the newest version is taken. */
export interface InputMigration {
  readonly from: number;
  readonly to: number;
  /** Makes arguments of the newer version; may throw at arguments that are not of the older one. */
  migrate(args: JsonObject): JsonObject;
}

export interface InputHistory {
  /** Version of the input schema. */
  readonly inputVersion: number;
  readonly migrations: readonly InputMigration[];
}

/**
 * Lets yesterday's arguments fit today's input. A call that names its version in `_meta` is migrated from that one.
 * One that names none is taken for the newest version; only when its arguments do not fit are they tried as older
 * ones, the newest first. So a change that keeps old arguments valid, but gives them another meaning, is safe only
 * for clients that name the version.
 */
export class InputVersions {
  readonly #newest: number;
  readonly #older: readonly number[];
  readonly #migrations: Migrations<JsonObject>;
  readonly #what: string;

  /** @param tool name of the tool. Throws when a migration does not lead to the input's version. */
  constructor(tool: string, { inputVersion, migrations }: InputHistory) {
    this.#newest = inputVersion;
    this.#what = `tool ${tool}`;
    this.#migrations = new Migrations(`input of tool ${tool}`);
    for (const { from, to, migrate } of migrations) this.#migrations.register(from, to, migrate);
    const versions = new Set(migrations.flatMap(({ from, to }) => [from, to]));
    this.#older = [...versions].filter((version) => version !== inputVersion).sort((a, b) => b - a);
    for (const version of this.#older) this.#migrations.path(version, inputVersion);
  }

  /**
   * The arguments of a call as the newest schema makes them.
   * Throws `invalid_params` when they fit no version, or name one that is not known.
   */
  async check<Schema extends ObjectSchema>(schema: Schema, { params }: Call): Promise<z.output<Schema>> {
    const args = params['arguments'] ?? {};
    const version = this.#named(params['_meta']);
    if (version !== undefined) return checkArguments(schema, this.#migrated(args, version), this.#what);
    const checked = await check(schema, args);
    if (checked.ok) return checked.value;
    const older = await this.#tryOlder(schema, args);
    // The client most likely meant the newest version: its issues are what it must hear.
    return older ?? checkArguments(schema, args, this.#what);
  }

  #named(meta: unknown): number | undefined {
    const version = isJsonObject(meta) ? meta[INPUT_VERSION_META_KEY] : undefined;
    if (version === undefined || typeof version === 'number') return version;
    throw new MillraceError('invalid_params', `_meta.${INPUT_VERSION_META_KEY}: expected a number`, {
      details: { field: `_meta.${INPUT_VERSION_META_KEY}` },
    });
  }

  #migrated(args: unknown, version: number): unknown {
    if (!isJsonObject(args)) return args;
    try {
      return this.#migrations.migrate(args, version, this.#newest);
    } catch (cause) {
      const problem = cause instanceof MillraceError ? cause.message : `not arguments of version ${version}`;
      throw new MillraceError('invalid_params', `Invalid arguments for ${this.#what}: ${problem}`, { cause });
    }
  }

  async #tryOlder<Schema extends ObjectSchema>(
    schema: Schema,
    args: unknown,
  ): Promise<z.output<Schema> | undefined> {
    for (const version of this.#older) {
      const fitting = await this.#tryAs(version, schema, args);
      if (fitting) return fitting;
    }
    return undefined;
  }

  async #tryAs<Schema extends ObjectSchema>(
    version: number,
    schema: Schema,
    args: unknown,
  ): Promise<z.output<Schema> | undefined> {
    try {
      const checked = await check(schema, this.#migrated(args, version));
      return checked.ok ? checked.value : undefined;
    } catch (error) {
      if (error instanceof MillraceError) return undefined;
      throw error;
    }
  }
}
