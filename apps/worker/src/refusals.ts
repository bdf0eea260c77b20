import { type Call, MillraceError, type Permission } from '@millrace/protocol';

/** Tells why a call must not run. */
export interface Guard {
  /** @param permissions that the target wants beside that of its kind */
  refusal(
    call: Call,
    permissions?: readonly Permission[],
  ): MillraceError | undefined | Promise<MillraceError | undefined>;
}

/** What a target wants of those who call it. */
type FindPermissions = (call: Call) => readonly Permission[] | undefined;

/**
 * Checks the calls of a batch before anything is done for them.
 *
 * @returns why calls must not run, for those that must not
 */
export async function refusalsOf(
  calls: readonly Call[],
  guard: Guard,
  permissionsOf: FindPermissions,
): Promise<ReadonlyMap<Call, MillraceError>> {
  const refusals = new Map<Call, MillraceError>();
  for (const call of calls) {
    const refusal = await refusalOf(call, guard, permissionsOf(call));
    if (refusal) refusals.set(call, refusal);
  }
  return refusals;
}

/** A call of which it cannot be told whether it may run does not. */
async function refusalOf(
  call: Call,
  guard: Guard,
  permissions: readonly Permission[] | undefined,
): Promise<MillraceError | undefined> {
  try {
    return await guard.refusal(call, permissions);
  } catch (cause) {
    const message = `${call.target}: whether the call may run could not be told`;
    return new MillraceError('permission_denied', message, { cause });
  }
}
