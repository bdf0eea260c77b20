import { hash } from 'node:crypto';
import {
  type Beginning,
  type FrameListeners,
  type IdempotencyRecords,
  type Outcome,
  type Standing,
  withPatience,
} from '@millrace/broker';
import {
  canonicalJson,
  type ErrorName,
  type IdempotencyClaim,
  isJsonObject,
  MillraceError,
  type ServerInfo,
  stampResult,
} from '@millrace/protocol';
import type { Logger, Metrics } from '@millrace/service';
import { timeLimitOf } from './call-deadline.ts';
import type { CallPolicy, Pass, Passage } from './call-policies.ts';
import { deliverError } from './calls.ts';
import type { FlightTower } from './flight-tower.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import type { InboundRequest } from './inbound.ts';
import { KeyedAnswer } from './keyed-answer.ts';
import { requestFields } from './request-fields.ts';
import type { Route } from './router.ts';

/** Redis has so long to answer before the call is refused, in milliseconds. */
const PATIENCE_MS = 2_000;

/** Between two looks at a call that is under way, should the word of its end be lost, in milliseconds. */
const LOOK_MS = 1_000;

const RETRY_AFTER_MS = 1_000;

export interface IdempotencyPolicyOptions {
  readonly records: IdempotencyRecords;
  readonly tower: Pick<FlightTower, 'newAddress' | 'lose'>;
  readonly listeners: FrameListeners;
  readonly callTimeoutMs: number;
  /** How long a result is kept, in milliseconds. */
  readonly ttlMs: number;
  readonly serverInfo: ServerInfo;
  readonly metrics: Pick<Metrics, 'idempotencyReplays'>;
  readonly logger: Logger;
}

/** A call with a key, from its arrival on. */
interface KeyedCall extends Pick<Beginning, 'claim' | 'address'> {
  readonly passage: Passage;
  /** Milliseconds since the epoch. */
  readonly patience: number;
  gone: boolean;
}

/** Gives the calls of one key one result, however often and on whichever front door they are made. */
export class IdempotencyPolicy implements CallPolicy {
  readonly #options: IdempotencyPolicyOptions;

  constructor(options: IdempotencyPolicyOptions) {
    this.#options = options;
  }

  /** Everything but tools only reads: making such a call again does no harm, and gives what is true then. */
  appliesTo({ isTool }: Route): boolean {
    return isTool === true;
  }

  /** @throws MillraceError `invalid_params` for what is no key; rejects with `idempotency_conflict` and others */
  pass(passage: Passage, next: Pass): void | Promise<void> {
    const key = idempotencyKeyOf(passage.request);
    return key === undefined ? next(passage) : this.#passKeyed(this.#keyed(passage, key), next);
  }

  async #passKeyed(call: KeyedCall, next: Pass): Promise<void> {
    const { passage } = call;
    passage.answer.onGone(() => {
      call.gone = true;
    });
    for (;;) {
      const ended = this.#listen(call);
      try {
        const standing = await this.#begin(call);
        if (standing.kind === 'mine') return await this.#make(call, next);
        if (standing.kind === 'done') return this.#replay(call, standing.outcome);
        if (standing.kind !== 'running') throw refusalOf(standing, passage.route);
        await ended.within(Math.min(LOOK_MS, call.patience - Date.now()));
      } finally {
        ended.stop();
      }
      if (call.gone) return;
      if (call.patience <= Date.now()) throw tooLate(passage.route);
    }
  }

  #keyed(passage: Passage, key: string): KeyedCall {
    const { callTimeoutMs, ttlMs, tower } = this.#options;
    const { request, route } = passage;
    const address = tower.newAddress();
    const { id, tenant } = request.principal;
    const record = hash('sha256', JSON.stringify([tenant, id, route.target, key]), 'base64url');
    const claim = { record, digest: digestOf(request), owner: address.id, ttlMs };
    const patience = Date.now() + timeLimitOf(route, callTimeoutMs);
    return { passage, claim, address, patience, gone: false };
  }

  async #begin({ passage, claim, address }: KeyedCall): Promise<Standing> {
    const { records, callTimeoutMs, logger } = this.#options;
    const { request, route } = passage;
    const deadline = Date.now() + timeLimitOf(route, callTimeoutMs);
    const { idempotent } = route;
    const begun = records.begin({ claim, deadline, idempotent, address });
    try {
      return await withPatience(begun, PATIENCE_MS);
    } catch (cause) {
      // Should it be begun after all, nobody will end it.
      begun
        .then(() => records.release(claim))
        .catch((err: Error) => {
          logger.debug({ err, ...requestFields(request, request.principal) }, 'a key was not freed');
        });
      const text = 'Whether the call was made before cannot be found out: Redis cannot be reached';
      throw new MillraceError('broker_unavailable', text, { cause, retryAfterMs: RETRY_AFTER_MS });
    }
  }

  /** Hears when the call that is under way has ended. */
  #listen({ address: { id } }: KeyedCall) {
    const { listeners } = this.#options;
    const told = Promise.withResolvers<void>();
    let timer: NodeJS.Timeout | undefined;
    listeners.add(id, () => told.resolve());
    return {
      within: (ms: number) => {
        timer = setTimeout(told.resolve, Math.max(0, ms));
        return told.promise;
      },
      stop: () => {
        clearTimeout(timer);
        listeners.remove(id);
      },
    };
  }

  async #make({ passage, claim }: KeyedCall, next: Pass): Promise<void> {
    const answer = new KeyedAnswer(passage.answer, {
      passage,
      release: () => this.#release(passage, claim),
      keep: (outcome) => this.#keep(passage, claim, outcome),
    });
    try {
      await next({ ...passage, answer, idempotency: claim });
    } catch (thrown) {
      // It was refused on its way.
      await this.#release(passage, claim);
      throw thrown;
    }
  }

  /** Never rejects: the record then holds the key until the deadline of the call is over. */
  async #release(passage: Passage, claim: IdempotencyClaim): Promise<void> {
    await this.#quietly(passage, async () => {
      const { records, tower } = this.#options;
      for (const waiting of await records.release(claim)) tower.lose(waiting);
    });
  }

  async #keep(passage: Passage, claim: IdempotencyClaim, outcome: Outcome): Promise<void> {
    await this.#quietly(passage, async () => {
      const { records, tower } = this.#options;
      for (const waiting of (await records.end(claim, outcome)).waiting) tower.lose(waiting);
    });
  }

  async #quietly({ request }: Passage, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const fields = requestFields(request, request.principal);
      this.#options.logger.warn({ err: error, ...fields }, 'what became of a call with a key was not kept');
    }
  }

  #replay({ passage }: KeyedCall, { kind, payload, era }: Outcome): void {
    const { request, route, answer } = passage;
    this.#options.metrics.idempotencyReplays.inc({ tool: route.target });
    if (kind === 'error') deliverError(payload, request, answer);
    else answer.result(era === request.era ? payload : this.#restamped(payload, request));
  }

  /** A client that came back with another revision gets the result in the form of that. */
  #restamped(payload: string, { method, revision }: InboundRequest): string {
    const result: unknown = JSON.parse(payload);
    if (!isJsonObject(result)) return payload;
    return JSON.stringify(stampResult(result, method, revision, this.#options.serverInfo));
  }
}

/** @throws MillraceError `invalid_params` for what is nested too deeply to be compared */
function digestOf({ params }: InboundRequest): string {
  try {
    return hash('sha256', canonicalJson(params['arguments'] ?? {}), 'base64url');
  } catch (cause) {
    throw new MillraceError('invalid_params', 'arguments: nested too deeply', {
      cause,
      details: { field: 'arguments' },
    });
  }
}

const REFUSALS = {
  conflict: ['idempotency_conflict', 'The idempotency key was used for a call with other arguments'],
  lost: [
    'outcome_unknown',
    'The first call with this idempotency key was lost: whether it took effect is not known',
  ],
} as const satisfies Record<string, readonly [ErrorName, string]>;

function refusalOf({ kind }: { readonly kind: 'conflict' | 'lost' }, { target }: Route): MillraceError {
  const [name, text] = REFUSALS[kind];
  return new MillraceError(name, text, { details: { tool: target } });
}

function tooLate({ target }: Route): MillraceError {
  const text = 'The first call with this idempotency key was not finished by the deadline of this one';
  return new MillraceError('deadline_exceeded', text, { details: { tool: target } });
}
