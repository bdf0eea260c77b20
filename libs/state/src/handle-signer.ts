import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { StateError } from './state-error.ts';

/** Whose context it is: a handle is good for the same tenant, caller and namespace alone. */
export interface ContextOwner {
  readonly tenant: string;
  /** Stable identity of the caller. */
  readonly principal: string;
  /** The tool, or whatever else keeps apart what different authors keep. */
  readonly namespace: string;
}

const VERSION = 'h1';
const ID_BYTES = 16;
const KEY_BYTES = 32;
const FORM = /^h1\.([\w-]{22})\.([\w-]{43})$/;

/** Makes and checks the handles of contexts (HMAC-SHA256). */
export class HandleSigner {
  readonly #key: string;

  /** @param key secret of the fleet; one of this process alone unless given */
  constructor(key: string = randomBytes(KEY_BYTES).toString('base64url')) {
    this.#key = key;
  }

  newId(): string {
    return randomBytes(ID_BYTES).toString('base64url');
  }

  sign(owner: ContextOwner, id: string): string {
    return `${VERSION}.${id}.${this.#mac(owner, id)}`;
  }

  /** @returns the id of the context. @throws StateError `unknown_handle`, `forged_handle` */
  open(owner: ContextOwner, handle: string): string {
    const [, id, mac] = FORM.exec(handle) ?? [];
    if (id === undefined || mac === undefined) {
      throw new StateError('unknown_handle', 'The handle is not one that was given out here');
    }
    if (!timingSafeEqual(Buffer.from(mac), Buffer.from(this.#mac(owner, id)))) {
      throw new StateError(
        'forged_handle',
        'The handle was changed, or was given out to another caller or for another tool',
      );
    }
    return id;
  }

  #mac({ tenant, principal, namespace }: ContextOwner, id: string): string {
    const signed = JSON.stringify([VERSION, tenant, principal, namespace, id]);
    return createHmac('sha256', this.#key).update(signed).digest('base64url');
  }
}
