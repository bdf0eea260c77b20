import { type Caller, MillraceError, type Principal } from '@millrace/protocol';
import type { Clock } from '@millrace/service';
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import type { AccessPolicy } from './access-policy.ts';
import { unauthenticated } from './refusal.ts';

/** Tokens that were verified and are known from then on; beyond that, the longest unused are verified again. */
const REMEMBERED = 10_000;

/** Longest token that is looked at, in characters. */
const MAX_LENGTH = 8_192;

export interface TokenRules {
  readonly issuer: string;
  /** A token must be meant for one of these. */
  readonly audience: readonly string[];
  /** Asymmetric ones only: a public key must never be taken for a shared secret. */
  readonly algorithms: readonly string[];
  /** How far the clocks of issuer and front door may be apart, in milliseconds. */
  readonly clockSkewMs: number;
  /** The claim that names the tenant; without one, all tokens are of the tenant `default`. */
  readonly tenantClaim?: string;
  /** The claim that lists roles; without one, roles come from the scopes alone. */
  readonly rolesClaim?: string;
}

export interface TokenVerifierOptions {
  readonly rules: TokenRules;
  /** Finds the key that signed a token. */
  readonly keys: JWTVerifyGetKey;
  readonly policy: AccessPolicy;
  readonly clock: Clock;
  /** Told of each token that was verified or refused, not of those that are known. */
  readonly onChecked?: (accepted: boolean) => void;
}

interface Known {
  readonly caller: Caller;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** Verifies access tokens. Each is verified once and then known until it expires. */
export class TokenVerifier {
  readonly #options: TokenVerifierOptions;
  readonly #known = new LRUCache<string, Known>({ max: REMEMBERED });
  /** Tokens that are being verified, so that a burst of requests verifies once. */
  readonly #pending = new Map<string, Promise<Caller>>();

  constructor(options: TokenVerifierOptions) {
    this.#options = options;
  }

  /**
   * @returns who bears the token, at once when it is known
   * @throws MillraceError `unauthenticated`, or `authentication_unavailable` when it cannot be verified now
   */
  authenticate(token: string): Caller | Promise<Caller> {
    const known = this.#known.get(token);
    if (known && this.#options.clock.now() < known.until) return known.caller;
    if (token.length > MAX_LENGTH) throw unauthenticated('The access token is too long', 'invalid_token');
    const pending = this.#pending.get(token) ?? this.#verify(token);
    this.#pending.set(token, pending);
    return pending;
  }

  async #verify(token: string): Promise<Caller> {
    const { onChecked } = this.#options;
    try {
      const caller = await this.#check(token);
      onChecked?.(true);
      return caller;
    } catch (error) {
      onChecked?.(false);
      throw error instanceof MillraceError ? error : refused(error);
    } finally {
      this.#pending.delete(token);
    }
  }

  async #check(token: string): Promise<Caller> {
    const { rules, keys, clock, policy } = this.#options;
    const { payload } = await jwtVerify(token, keys, {
      issuer: rules.issuer,
      audience: [...rules.audience],
      algorithms: [...rules.algorithms],
      clockTolerance: rules.clockSkewMs / 1000,
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(clock.now()),
    });
    const principal = this.#principal(payload);
    const until = (payload.exp as number) * 1000 + rules.clockSkewMs;
    const valid = () => clock.now() < until;
    const caller: Caller = { principal, access: policy.accessOf(principal), valid };
    this.#known.set(token, { caller, until });
    return caller;
  }

  /** Roles that mean nothing here are left out: they would travel with every call. */
  #principal(payload: JWTPayload): Principal {
    const { rules, policy } = this.#options;
    const claimed = rules.rolesClaim === undefined ? [] : textsOf(claimAt(payload, rules.rolesClaim));
    const scopes = textsOf(payload['scope'] ?? payload['scp']);
    const roles = [...claimed.filter((role) => policy.knows(role)), ...policy.rolesOf(scopes)];
    return { id: `jwt:${payload.sub}`, tenant: this.#tenant(payload), roles: [...new Set(roles)] };
  }

  #tenant(payload: JWTPayload): string {
    const { tenantClaim } = this.#options.rules;
    if (tenantClaim === undefined) return 'default';
    const tenant = claimAt(payload, tenantClaim);
    if (typeof tenant === 'string' && tenant !== '') return tenant;
    throw unauthenticated(`The access token names no tenant (claim ${tenantClaim})`, 'invalid_token');
  }
}

/** A claim by its name, or, when there is none of that name, by a path such as `realm_access.roles`. */
function claimAt(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path];
  let value: unknown = payload;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** Texts of a list, or of a text that separates them by spaces. */
function textsOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((text) => text !== '');
  return Array.isArray(claim) ? claim.filter((text) => typeof text === 'string') : [];
}

function refused(error: unknown): MillraceError {
  if (error instanceof errors.JWTExpired) {
    return unauthenticated('The access token has expired', 'invalid_token', error);
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return unauthenticated(`The access token has a wrong claim: ${error.claim}`, 'invalid_token', error);
  }
  return unauthenticated('The access token is not valid', 'invalid_token', error);
}
