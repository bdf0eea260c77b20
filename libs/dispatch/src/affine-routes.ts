import type { Affinities, CatalogueView } from '@millrace/broker';
import { AFFINITY_META_KEY, affinityOwnerOf, type Call, callFields, MillraceError } from '@millrace/protocol';
import type { Logger } from '@millrace/service';
import type { InboundRequest } from './inbound.ts';
import type { Route } from './router.ts';

export interface AffineRoutesOptions {
  readonly affinities: Affinities;
  /** The catalogue as it is now. */
  readonly view: () => CatalogueView;
  readonly logger: Logger;
}

/** Sends calls to servers that keep state to the one worker that keeps it, on a queue of its own. */
export class AffineRoutes {
  readonly #options: AffineRoutesOptions;

  constructor(options: AffineRoutesOptions) {
    this.#options = options;
  }

  /**
   * The route to the worker that keeps the state.
   * @throws MillraceError `invalid_params` without session and handle, `state_lost` when that worker is gone
   */
  async resolve({ params, principal, session }: InboundRequest, route: Route): Promise<Route> {
    const { affinity = '', target } = route;
    const owner = affinityOwnerOf({ params, principal, session: session?.id });
    if (owner === undefined) throw noOwner(target);
    const workers = this.#workersOf(route.pool);
    const preferred = pick(workers);
    if (preferred === undefined) throw noWorker(route);
    const worker = await this.#options.affinities.place(affinity, owner, preferred);
    if (!workers.includes(worker)) {
      await this.#options.affinities.forget(affinity, owner);
      throw stateLost(target);
    }
    return { ...route, pool: worker };
  }

  /** No state is kept for this call where it went, and its client knows: the next one may begin anew, anywhere. */
  forget(call: Call, affinity: string): void {
    const owner = affinityOwnerOf(call);
    if (owner === undefined) return;
    this.#options.affinities.forget(affinity, owner).catch((error: unknown) => {
      this.#options.logger.warn(
        { err: error, ...callFields(call) },
        'where lost state was kept could not be forgotten',
      );
    });
  }

  #workersOf(pool: string): string[] {
    const { workers } = this.#options.view();
    return workers.filter(({ id, pools }) => pools.includes(pool) && pools.includes(id)).map(({ id }) => id);
  }
}

/** Anyone: Redis settles it when two front doors choose at the same time. */
function pick(workers: readonly string[]): string | undefined {
  return workers[Math.floor(Math.random() * workers.length)];
}

/** What calls get that were on their way to a worker that is gone, and the first one after that. */
export function stateLost(target: string): MillraceError {
  return new MillraceError(
    'state_lost',
    `The worker that kept the state of this session for ${target} is gone: the next call begins anew`,
    { details: { target } },
  );
}

function noOwner(target: string): MillraceError {
  return new MillraceError(
    'invalid_params',
    `_meta["${AFFINITY_META_KEY}"]: ${target} keeps state; name the handle that it is kept under, or use a session`,
    { details: { field: `_meta.${AFFINITY_META_KEY}`, target } },
  );
}

function noWorker({ target, pool }: Route): MillraceError {
  return new MillraceError('no_live_worker', `No live worker keeps state for ${target} (pool ${pool})`, {
    details: { target, pool },
    retryAfterMs: 1_000,
  });
}
