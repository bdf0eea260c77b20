import { type KeyObject, sign, verify } from 'node:crypto';
import type { Call, Principal, SealCall, SealCalls } from '@millrace/protocol';
import { parseApiKey, publicKeyOf, signingKey } from './api-key.ts';
import type { ClusterKeys } from './cluster-keys.ts';
import type { HeldKey } from './key-ring.ts';

/** Seals of front doors, which authenticated the principal, begin with this. */
const FRONT_DOOR = 'f:';

/** One seal for all calls of a batch begins with this, and stands in the first of them. */
const BATCH = 'b:';

/** Seals of bearers of API keys, who put calls on the queue themselves, begin with this and the id of the key. */
const BEARER = 'k:';

/** Seals calls as a front door does. */
export function frontDoorSeal(keys: ClusterKeys): SealCall {
  return (call) => ({ ...call, seal: `${FRONT_DOOR}${keys.sign('call', sealedText(call))}` });
}

/** Seals what travels together with one signature: signing costs more than what is signed. */
export function frontDoorSeals(keys: ClusterKeys): SealCalls {
  const sealOne = frontDoorSeal(keys);
  return (calls) => {
    const [first, ...others] = calls;
    if (!first || others.length === 0) return calls.map(sealOne);
    return [{ ...first, seal: `${BATCH}${keys.sign('batch', sealedTexts(calls))}` }, ...others];
  };
}

/** Seals each call as the bearer of an API key does. */
export function bearerSeals(key: string): SealCalls {
  const sealOne = bearerSeal(key);
  return (calls) => calls.map(sealOne);
}

/**
 * Seals calls as the bearer of an API key does.
 *
 * @param key as it was shown when it was made
 */
export function bearerSeal(key: string): SealCall {
  const shown = parseApiKey(key);
  if (!shown) throw new Error('this has not the form of an API key');
  const signing = signingKey(shown.secret);
  return (call) => {
    const signature = sign(null, Buffer.from(sealedText(call)), signing).toString('base64url');
    return { ...call, seal: `${BEARER}${shown.id}:${signature}` };
  };
}

export interface SealChecksOptions {
  readonly keys: ClusterKeys;
  /** Finds the API key of a bearer; absent where API keys are not taken. */
  readonly findKey?: ((id: string) => Promise<HeldKey | undefined>) | undefined;
}

/** Checks the seals of calls. */
export class SealChecks {
  readonly #options: SealChecksOptions;
  readonly #publicKeys = new WeakMap<HeldKey, KeyObject>();
  /** Calls of batches whose seal is good. */
  readonly #admitted = new WeakSet<Call>();

  constructor(options: SealChecksOptions) {
    this.#options = options;
  }

  /** Checks the one seal of a whole batch, if it has one: what it says of a call holds for as long as that is here. */
  admit(calls: readonly Call[]): void {
    const seal = calls[0]?.seal ?? '';
    if (!seal.startsWith(BATCH)) return;
    if (!this.#options.keys.verifies('batch', sealedTexts(calls), seal.slice(BATCH.length))) return;
    for (const call of calls) this.#admitted.add(call);
  }

  /** Whether the call came in a batch with a good seal, and has none of its own that is. */
  isAdmitted(call: Call): boolean {
    return this.#admitted.has(call);
  }

  /** @returns who made the call, or undefined when its seal is missing, wrong, or of a key that does not count */
  principalOf(call: Call): Principal | undefined | Promise<Principal | undefined> {
    const { seal = '', principal } = call;
    if (this.#admitted.has(call)) return principal;
    if (seal.startsWith(BEARER)) return this.#ofBearer(call, seal.slice(BEARER.length));
    if (!principal || !seal.startsWith(FRONT_DOOR)) return undefined;
    const signature = seal.slice(FRONT_DOOR.length);
    return this.#options.keys.verifies('call', sealedText(call), signature) ? principal : undefined;
  }

  /** What the key grants counts, and not what the call says of it. */
  async #ofBearer(call: Call, seal: string): Promise<Principal | undefined> {
    const [id = '', signature = ''] = seal.split(':');
    const held = await this.#options.findKey?.(id);
    if (!held) return undefined;
    const { principal } = held.caller;
    if (call.principal?.id !== principal.id || call.principal.tenant !== principal.tenant) return undefined;
    const signed = Buffer.from(sealedText(call));
    return verify(null, signed, this.#publicKey(held), Buffer.from(signature, 'base64url'))
      ? principal
      : undefined;
  }

  #publicKey(held: HeldKey): KeyObject {
    const known = this.#publicKeys.get(held) ?? publicKeyOf(held.record);
    this.#publicKeys.set(held, known);
    return known;
  }
}

/** In JSON there is no line break. */
function sealedTexts(calls: readonly Call[]): string {
  return calls.map(sealedText).join('\n');
}

/** Everything that decides what the call does, for whom, and until when: none of it can be changed on the queue. */
function sealedText(call: Call): string {
  const { id, method, target, params, revision, deadline, principal, session, task, idempotency } = call;
  const { id: who, tenant, roles } = principal ?? {};
  const about = [id, method, target, revision, deadline, who, tenant, roles, session, task, idempotency];
  return JSON.stringify([about, params]);
}
