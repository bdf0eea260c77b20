import { z } from 'zod';

/** Where a worker keeps the state of its tools; part of its settings. */
export const STATE_SETTINGS = {
  /** Where tools keep state and events: `hybrid` is memory in front of Postgres, or of Redis without a database. */
  stateStore: z.enum(['memory', 'redis', 'postgres', 'hybrid']).default('redis'),
  /** `postgres://…`; `pglite:` and a directory, or nothing, for one inside this process. */
  stateDatabaseUrl: z
    .string()
    .regex(/^($|postgres(ql)?:\/\/|pglite:)/, 'a postgres:// or pglite: URL')
    .default(''),
  /** How long what a tool keeps is kept, unless the tool says otherwise. */
  stateTtlMs: z.int().min(1).default(86_400_000),
  /** Bytes of one value. */
  stateMaxBytes: z.int().min(1).max(16_777_216).default(65_536),
};

const settingsSchema = z.object(STATE_SETTINGS);

export type StateSettings = Readonly<z.output<typeof settingsSchema>>;

/** A database without a use for it, and the other way round, is a slip of the pen. */
export function checkStateSettings(
  { stateStore, stateDatabaseUrl }: StateSettings,
  context: z.core.$RefinementCtx,
): void {
  const path = ['stateDatabaseUrl'];
  if (stateStore === 'postgres' && stateDatabaseUrl === '') {
    context.addIssue({
      code: 'custom',
      path,
      message: 'a postgres:// or pglite: URL when stateStore is postgres',
    });
  }
  if ((stateStore === 'redis' || stateStore === 'memory') && stateDatabaseUrl !== '') {
    const message = `nothing when stateStore is ${stateStore}; only postgres and hybrid use a database`;
    context.addIssue({ code: 'custom', path, message });
  }
}
