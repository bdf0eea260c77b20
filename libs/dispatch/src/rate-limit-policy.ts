import type { LimitStanding, RateLimits } from '@millrace/broker';
import { MillraceError, type Principal, type RateLimitRule } from '@millrace/protocol';
import type { Logger, Metrics } from '@millrace/service';
import type { CallPolicy, Pass, Passage } from './call-policies.ts';
import type { LimitSettings } from './limit-settings.ts';
import type { Route } from './router.ts';

/** Whose calls a limit counts together. */
type LimitScope = 'tool' | 'tool_tenant' | 'tool_client' | 'client' | 'tenant';

/** One limit that the calls of a route meet. */
interface Limit {
  readonly scope: LimitScope;
  readonly rule: RateLimitRule;
  readonly nameFor: (principal: Principal) => string;
}

/** A limit of which a call has taken its share. */
interface Taken {
  readonly limit: Limit;
  readonly name: string;
  readonly standing: LimitStanding;
}

/** What a client is told to wait when limits cannot be counted and it is refused for that, in milliseconds. */
const FAILURE_RETRY_MS = 1_000;

const TOOL_SCOPES = { tool: 'tool', tenant: 'tool_tenant', principal: 'tool_client' } as const;

export interface RateLimitPolicyOptions {
  readonly limits: Pick<RateLimits, 'take' | 'giveBack'>;
  readonly settings: Pick<LimitSettings, 'rateLimits' | 'rateLimitOnFailure'>;
  readonly metrics: Pick<Metrics, 'refused' | 'rateLimitFailures'>;
  readonly logger: Logger;
}

/** Refuses calls of who calls too often. What counts is shared by all front doors. */
export class RateLimitPolicy implements CallPolicy {
  readonly #options: RateLimitPolicyOptions;
  readonly #general: readonly Limit[];
  /** Routes live as long as a state of the catalogue. */
  readonly #ofRoutes = new WeakMap<Route, readonly Limit[]>();
  /** One log line for each failure, not for each call. */
  #failing = false;

  constructor(options: RateLimitPolicyOptions) {
    this.#options = options;
    this.#general = generalLimits(options.settings.rateLimits);
  }

  appliesTo(route: Route): boolean {
    return this.#general.length > 0 || route.policies?.rateLimit !== undefined;
  }

  /** @throws MillraceError `rate_limited`, or rejects with it */
  pass(passage: Passage, next: Pass): void | Promise<void> {
    return this.#take(passage, next, this.#limitsOf(passage.route), []);
  }

  #limitsOf(route: Route): readonly Limit[] {
    const known = this.#ofRoutes.get(route);
    if (known) return known;
    const own = toolLimit(route);
    const limits = own ? [own, ...this.#general] : this.#general;
    this.#ofRoutes.set(route, limits);
    return limits;
  }

  /** Takes one limit after the other, at once as long as each can be decided here. */
  #take(passage: Passage, next: Pass, limits: readonly Limit[], taken: Taken[]): void | Promise<void> {
    const limit = limits[taken.length];
    if (!limit) {
      tell(passage, taken);
      return next(passage);
    }
    const name = limit.nameFor(passage.request.principal);
    const judge = (standing: LimitStanding) => {
      this.#failing = false;
      taken.push({ limit, name, standing });
      if (!standing.allowed) this.#refuse(passage, taken);
      return this.#take(passage, next, limits, taken);
    };
    const standing = this.#options.limits.take(name, limit.rule);
    if (!(standing instanceof Promise)) return judge(standing);
    return standing
      .catch((error: unknown) => this.#uncounted(error))
      .then((one) => (one ? judge(one) : next(passage)));
  }

  /** The limits before the one that refuses get back what was taken of them. */
  #refuse(passage: Passage, taken: readonly Taken[]): never {
    tell(passage, taken);
    for (const { limit, name, standing } of taken) {
      if (standing.allowed) this.#options.limits.giveBack(name, limit.rule);
    }
    this.#options.metrics.refused.inc({ reason: 'rate_limited' });
    throw rateLimited(taken.at(-1) as Taken);
  }

  /** @throws MillraceError when calls must not pass uncounted */
  #uncounted(cause: unknown): undefined {
    const { metrics, settings, logger } = this.#options;
    const outcome = settings.rateLimitOnFailure;
    metrics.rateLimitFailures.inc({ outcome });
    if (!this.#failing) logger.warn({ err: cause, outcome }, 'rate limits cannot be counted');
    this.#failing = true;
    if (outcome === 'open') return undefined;
    metrics.refused.inc({ reason: 'broker_unavailable' });
    throw new MillraceError(
      'broker_unavailable',
      'Rate limits cannot be counted, because Redis does not answer',
      {
        cause,
        retryAfterMs: FAILURE_RETRY_MS,
      },
    );
  }
}

function generalLimits({ client, tenant }: LimitSettings['rateLimits']): Limit[] {
  const limits: Limit[] = [];
  if (client) {
    limits.push({ scope: 'client', rule: client, nameFor: (who) => `client:${clientName(who)}` });
  }
  if (tenant) {
    limits.push({ scope: 'tenant', rule: tenant, nameFor: (who) => `tenant:${escaped(who.tenant)}` });
  }
  return limits;
}

function toolLimit({ target, policies }: Route): Limit | undefined {
  if (!policies?.rateLimit) return undefined;
  const { per, ...rule } = policies.rateLimit;
  const tool = `tool:${escaped(target)}`;
  const names = {
    tool: () => tool,
    tenant: ({ tenant }: Principal) => `${tool}:tenant:${escaped(tenant)}`,
    principal: (who: Principal) => `${tool}:client:${clientName(who)}`,
  };
  return { scope: TOOL_SCOPES[per], rule, nameFor: names[per] };
}

function clientName({ tenant, id }: Principal): string {
  return `${escaped(tenant)}:${escaped(id)}`;
}

/** A colon in a name must not make it another name. */
function escaped(name: string): string {
  return name.replaceAll('%', '%25').replaceAll(':', '%3A');
}

/** Of several limits the client is told of the one that it will reach first. */
function tell({ answer }: Passage, taken: readonly Taken[]): void {
  if (!answer.limited) return;
  const [first, ...others] = taken;
  if (!first) return;
  const nearest = others.reduce((a, b) => (b.standing.remaining < a.standing.remaining ? b : a), first);
  const { limit, standing } = nearest;
  answer.limited({ limit: limit.rule.limit, remaining: standing.remaining, resetMs: standing.resetMs });
}

function rateLimited({ limit: { scope, rule }, standing }: Taken): MillraceError {
  const { limit, windowMs } = rule;
  const retryAfterMs = Math.ceil(standing.retryAfterMs);
  return new MillraceError('rate_limited', `More than ${limit} calls in ${windowMs} ms`, {
    retryAfterMs,
    details: { scope, limit, windowMs, remaining: 0, resetMs: Math.ceil(standing.resetMs) },
  });
}
