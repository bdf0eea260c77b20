import { FRONT_DOOR_POLICIES, type FrontDoorPolicy, type IdempotencyClaim } from '@millrace/protocol';
import type { TraceSpan } from '@millrace/service';
import type { Answer } from './answer.ts';
import type { InboundRequest } from './inbound.ts';
import type { Route } from './router.ts';

/** A routed request on its way through the policies of the front door. */
export interface Passage {
  readonly request: InboundRequest;
  readonly route: Route;
  readonly answer: Answer;
  /** Where the result is to be kept for who makes the call again; such a call stands for itself. */
  readonly idempotency?: IdempotencyClaim;
  /** Finds a result that was kept since the cache was asked; absent where nothing is cached. */
  readonly lookAgain?: () => string | undefined | Promise<string | undefined>;
  /** The span of the request; absent for all that are not traced. */
  readonly trace?: TraceSpan;
}

/**
 * Passes a call on, or refuses it.
 *
 * @throws MillraceError, or rejects with one, when the call is refused
 */
export type Pass = (passage: Passage) => void | Promise<void>;

/** One policy: passes a call on, now or later, perhaps with another answer; or answers it itself. */
export interface CallPolicy {
  /** Whether calls of this route meet the policy; asked once for each state of the catalogue. */
  appliesTo(route: Route): boolean;
  /** @throws MillraceError, or rejects with one, when the call is refused */
  pass(passage: Passage, next: Pass): void | Promise<void>;
}

export type CallPolicySet = Readonly<Partial<Record<FrontDoorPolicy, CallPolicy>>>;

/** The policies of the front door, put together once for each route, in the order of `FRONT_DOOR_POLICIES`. */
export class CallPolicies {
  readonly #set: CallPolicySet;
  /** Routes live as long as a state of the catalogue; undefined stands for a route without policies. */
  readonly #chains = new WeakMap<Route, Pass | undefined>();
  readonly #last: Pass;

  /** @param last what sends a call on its way when every policy has passed it on */
  constructor(set: CallPolicySet, last: Pass) {
    this.#set = set;
    this.#last = last;
  }

  /** What calls of the route pass through; undefined when no policy applies to it. */
  of(route: Route): Pass | undefined {
    if (this.#chains.has(route)) return this.#chains.get(route);
    const chain = this.#chain(route);
    this.#chains.set(route, chain);
    return chain;
  }

  #chain(route: Route): Pass | undefined {
    const policies = FRONT_DOOR_POLICIES.map((name) => this.#set[name]).filter(
      (policy) => policy?.appliesTo(route) === true,
    );
    if (policies.length === 0) return undefined;
    return policies.reduceRight<Pass>((next, policy) => (passage) => policy?.pass(passage, next), this.#last);
  }
}
