import { createHash } from 'node:crypto';
import { type Clock, systemClock } from '@millrace/service';
import { ContextMarker } from './context-marker.ts';
import { type ContextOwner, HandleSigner } from './handle-signer.ts';
import { type ContextLimits, KeptState } from './kept-state.ts';
import type { StateStore } from './state-store.ts';

export interface ContextManagerOptions {
  readonly store: StateStore;
  /** Secret of the fleet that signs handles; one of this process alone unless given. */
  readonly key?: string;
  readonly limits?: ContextLimits;
  readonly clock?: Clock;
}

/** Which context a call wants. */
export interface ContextRequest extends ContextOwner {
  /** Id of the session of the call, where it has one. */
  readonly session?: string | undefined;
  /** What an earlier call was given; it wins over the session. */
  readonly handle?: string | undefined;
}

export const DEFAULT_CONTEXT_LIMITS = { ttlMs: 86_400_000, maxValueBytes: 65_536 } as const;

/** What tools keep across calls: by session where there is one, else by a signed handle that the client brings back. */
export class ContextManager {
  readonly #options: ContextManagerOptions;
  readonly #limits: Required<ContextLimits>;
  readonly #clock: Clock;
  readonly #signer: HandleSigner;

  constructor(options: ContextManagerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_CONTEXT_LIMITS, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    this.#signer = new HandleSigner(options.key);
  }

  /** The same contexts with another secret; handles that were signed with the last one are not accepted any more. */
  withKey(key: string): ContextManager {
    return new ContextManager({ ...this.#options, key });
  }

  /**
   * Opens the context of a handle, of a session, or a new one, whose `handle` the client has to bring back. Asks no
   * store yet. @throws StateError `unknown_handle`, `forged_handle`
   */
  open(request: ContextRequest): KeptState {
    const { handle, session } = request;
    if (handle !== undefined) return this.#ofHandle(request, this.#signer.open(request, handle), handle);
    if (session !== undefined) return this.#kept(prefixOf(request, ['session', session]));
    const id = this.#signer.newId();
    return this.#ofHandle(request, id, this.#signer.sign(request, id), true);
  }

  #ofHandle(owner: ContextOwner, id: string, handle: string, isNew = false): KeptState {
    const prefix = prefixOf(owner, ['handle', id]);
    const { store } = this.#options;
    const { ttlMs } = this.#limits;
    return this.#kept(
      prefix,
      new ContextMarker({ store, key: prefix, handle, isNew, ttlMs, clock: this.#clock }),
    );
  }

  #kept(prefix: string, marker?: ContextMarker): KeptState {
    return new KeptState({ store: this.#options.store, prefix, limits: this.#limits, marker });
  }
}

/** The tenant can be read, so that an operator finds what belongs to it; the rest is a digest, so that it is short. */
function prefixOf({ tenant, namespace }: ContextOwner, scope: readonly [kind: string, id: string]): string {
  const digest = createHash('sha256').update(JSON.stringify([tenant, namespace, ...scope]));
  return `${encodeURIComponent(tenant)}:${digest.digest('base64url')}:`;
}
