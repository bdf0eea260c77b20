import { type Call, MillraceError, type Permission } from '@millrace/protocol';

/** Tells why a call must not run. */
export interface Guard {
  /** Looks at what was said of all calls of a batch together; before `refusal` of any of them. */
  admit(calls: readonly Call[]): void;
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
  guard: Pick<Guard, 'refusal'>,
  permissionsOf: FindPermissions,
): Promise<ReadonlyMap<Call, MillraceError>> {
  const refusals = new Map<Call, MillraceError>();
  for (const call of calls) {
    const found = refusalOf(call, guard, permissionsOf(call));
    // Most need not wait for anything.
    const refusal = found instanceof Promise ? await found : found;
    if (refusal) refusals.set(call, refusal);
  }
  return refusals;
}

/** A call of which it cannot be told whether it may run does not. */
function refusalOf(
  call: Call,
  guard: Pick<Guard, 'refusal'>,
  permissions: readonly Permission[] | undefined,
): MillraceError | undefined | Promise<MillraceError | undefined> {
  const untold = (cause: unknown) => {
    const message = `${call.target}: whether the call may run could not be told`;
    return new MillraceError('permission_denied', message, { cause });
  };
  try {
    const found = guard.refusal(call, permissions);
    return found instanceof Promise ? found.catch(untold) : found;
  } catch (cause) {
    return untold(cause);
  }
}
