import { AccessNotice, ApiKeyTable, type Keys, NOTICE_INTERVAL_MS } from '@millrace/broker';
import {
  type Call,
  callFields,
  type MillraceError,
  type Permission,
  type SealCall,
} from '@millrace/protocol';
import {
  AccessPolicy,
  CallGuard,
  ClusterKeys,
  frontDoorSeal,
  KeyRing,
  methodsOf,
  NO_AUTHORIZATION,
  SealChecks,
  writeNotice,
} from '@millrace/security';
import { type Logger, type Metrics, type Service, systemClock } from '@millrace/service';
import type { WorkerConfig } from './config.ts';
import type { Guard } from './refusals.ts';

export interface WorkerGuardOptions {
  readonly redis: ConstructorParameters<typeof ApiKeyTable>[0];
  readonly keys: Keys;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** A worker's own check of who calls and what they may do, where authentication is on. */
export class WorkerGuard implements Guard, Service {
  readonly #guard: CallGuard;
  readonly #seals: SealChecks;
  readonly #sealOne: SealCall;
  readonly #keyRing: KeyRing | undefined;
  readonly #notice: AccessNotice;
  readonly #noticeText: string;
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  #timer: NodeJS.Timeout | undefined;

  /** @returns undefined where authentication is off */
  static of(config: WorkerConfig, options: WorkerGuardOptions): WorkerGuard | undefined {
    return methodsOf(config).length > 0 ? new WorkerGuard(config, options) : undefined;
  }

  private constructor(config: WorkerConfig, { redis, keys, metrics, logger }: WorkerGuardOptions) {
    this.#metrics = metrics;
    const methods = methodsOf(config);
    const authorization = config.authorization ?? NO_AUTHORIZATION;
    const clusterKeys = new ClusterKeys(config.envelopeKey, config.previousEnvelopeKey);
    const policy = new AccessPolicy(authorization);
    const records = new ApiKeyTable(redis, keys);
    this.#keyRing = methods.includes('api-key')
      ? new KeyRing({ records, policy, keys: clusterKeys, clock: systemClock, logger })
      : undefined;
    const ring = this.#keyRing;
    this.#seals = new SealChecks({ keys: clusterKeys, findKey: ring && ((id) => ring.find(id)) });
    this.#sealOne = frontDoorSeal(clusterKeys);
    this.#guard = new CallGuard(this.#seals, policy);
    this.#notice = new AccessNotice(redis, keys);
    this.#noticeText = writeNotice({ methods, authorization });
    this.#logger = logger;
  }

  async start(): Promise<void> {
    await this.#keyRing?.start();
    await this.#notice.put(this.#noticeText);
    this.#timer ??= setInterval(() => void this.#renew(), NOTICE_INTERVAL_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#keyRing?.stop();
  }

  admit(calls: readonly Call[]): void {
    this.#seals.admit(calls);
  }

  /** Gives a call that leaves its batch a seal of its own; one that has no good seal gets none here. */
  apart(call: Call): Call {
    return this.#seals.isAdmitted(call) ? this.#sealOne(call) : call;
  }

  refusal(
    call: Call,
    permissions?: readonly Permission[],
  ): MillraceError | undefined | Promise<MillraceError | undefined> {
    const found = this.#guard.refusal(call, permissions);
    return found instanceof Promise
      ? found.then((refusal) => this.#note(call, refusal))
      : this.#note(call, found);
  }

  #note(call: Call, refusal: MillraceError | undefined): MillraceError | undefined {
    if (refusal) {
      this.#metrics.refused.inc({ reason: refusal.kind });
      this.#logger.warn(
        { reason: refusal.message, ...callFields(call) },
        'a call on the queue is not allowed',
      );
    }
    return refusal;
  }

  async #renew(): Promise<void> {
    try {
      await this.#notice.put(this.#noticeText);
    } catch (error) {
      this.#logger.warn({ err: error }, 'agents were not told which credentials are wanted');
    }
  }
}
