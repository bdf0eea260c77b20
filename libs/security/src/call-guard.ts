import {
  type Call,
  denialOf,
  MillraceError,
  type Permission,
  type Principal,
  useOf,
} from '@millrace/protocol';
import type { AccessPolicy } from './access-policy.ts';
import type { SealChecks } from './call-seal.ts';

/** The worker's own check of every call: the queue is not trusted with permissions. */
export class CallGuard {
  readonly #seals: SealChecks;
  readonly #policy: AccessPolicy;

  constructor(seals: SealChecks, policy: AccessPolicy) {
    this.#seals = seals;
    this.#policy = policy;
  }

  /**
   * @param permissions that the tool wants beside that of its kind
   * @returns why the call must not run; undefined when it may
   */
  refusal(
    call: Call,
    permissions: readonly Permission[] = [],
  ): MillraceError | undefined | Promise<MillraceError | undefined> {
    const found = this.#seals.principalOf(call);
    if (!(found instanceof Promise)) return this.#judge(call, found, permissions);
    return found.then((principal) => this.#judge(call, principal, permissions));
  }

  #judge(
    call: Call,
    principal: Principal | undefined,
    permissions: readonly Permission[],
  ): MillraceError | undefined {
    if (!principal)
      return new MillraceError('permission_denied', `${call.target}: the call has no valid seal`);
    const use = useOf(call.method, call.params);
    // What is checked must be what runs, and some targets look into the parameters.
    if (use?.name !== call.target) {
      return new MillraceError('permission_denied', `${call.target}: the parameters name another target`);
    }
    const access = this.#policy.accessOf(principal);
    const denied = denialOf(access, use);
    if (denied) return denied;
    const missing = permissions.find((permission) => denialOf(access, use, permission));
    return missing && denialOf(access, use, missing);
  }
}
