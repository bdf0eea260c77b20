import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { ANONYMOUS, CANARY_STATE, type Call, type JsonObject, MillraceError } from '@millrace/protocol';

/** What travels through the client from one round of a call to the next. */
export interface RoundState {
  /** What the client answered in earlier rounds, by key. */
  readonly answers: Readonly<Record<string, JsonObject>>;
  /** What the handler wanted to keep. */
  readonly state?: unknown;
}

interface Envelope extends RoundState {
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

export interface RequestStateOptions {
  /** Secret of all workers; one of this process alone unless given. */
  readonly key?: string;
  /** How long a client may take for one round, in milliseconds; ten minutes unless given. */
  readonly ttlMs?: number;
  readonly now?: () => number;
  /** Whether the worker is a canary: then its calls come back to one. */
  readonly canary?: boolean;
}

const TTL_MS = 600_000;
const VERSION = 'v1';
const KEY_BYTES = 32;

/**
 * Signs the `requestState` of calls that need more input (HMAC-SHA256). The signature covers who calls what, so that
 * a state is good for the same principal, method and target alone. It hides nothing: the client can read the state.
 */
export class RequestState {
  readonly #key: string;
  readonly #ttlMs: number;
  readonly #now: () => number;
  readonly #version: string;

  constructor({ key, ttlMs = TTL_MS, now = Date.now, canary = false }: RequestStateOptions = {}) {
    this.#version = canary ? CANARY_STATE : VERSION;
    this.#key = key ?? randomBytes(KEY_BYTES).toString('base64url');
    this.#ttlMs = ttlMs;
    this.#now = now;
  }

  seal(call: Call, round: RoundState): string {
    const envelope: Envelope = { ...round, expires: this.#now() + this.#ttlMs };
    const body = Buffer.from(JSON.stringify(envelope)).toString('base64url');
    return `${this.#version}.${body}.${this.#sign(call, body).toString('base64url')}`;
  }

  /** Throws `invalid_params` when the state was not made for this call, was changed, or is too old. */
  open(call: Call, requestState: unknown): RoundState {
    if (typeof requestState !== 'string') throw invalid('it is no text');
    const [version, body, signature, ...rest] = requestState.split('.');
    if (
      (version !== VERSION && version !== CANARY_STATE) ||
      body === undefined ||
      signature === undefined ||
      rest.length > 0
    ) {
      throw invalid('it has another form');
    }
    if (!isSame(signature, this.#sign(call, body).toString('base64url'))) {
      throw invalid('it was changed, or belongs to another call');
    }
    const envelope = JSON.parse(Buffer.from(body, 'base64url').toString()) as Envelope;
    if (envelope.expires <= this.#now()) throw invalid('it has expired');
    return envelope;
  }

  #sign(call: Call, body: string): Buffer {
    const { id, tenant } = call.principal ?? ANONYMOUS;
    const signed = JSON.stringify([VERSION, id, tenant, call.method, call.target, body]);
    return createHmac('sha256', this.#key).update(signed).digest();
  }
}

/** Compares the texts and not the bytes they stand for: several texts may stand for the same bytes. */
function isSame(given: string, right: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** @param reason for the worker alone: it would help who forges states */
function invalid(reason: string): MillraceError {
  return new MillraceError('invalid_params', 'Invalid or expired requestState', {
    members: { reason: 'invalid_request_state' },
    cause: new Error(reason),
  });
}
