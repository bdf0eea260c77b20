import {
  BreakerBoard,
  countBreakers,
  type Dispatcher,
  type Keys,
  LastGood,
  PolicyLink,
  RateLimits,
  type RedisSource,
} from '@millrace/broker';
import type { ServerInfo } from '@millrace/protocol';
import { Lifecycle, type Logger, type Metrics, type Service } from '@millrace/service';
import { AdmissionPolicy } from './admission-policy.ts';
import { BreakerPolicy } from './breaker-policy.ts';
import type { CallPolicySet } from './call-policies.ts';
import type { LimitSettings } from './limit-settings.ts';
import { RateLimitPolicy } from './rate-limit-policy.ts';

export interface OwnPoliciesOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly settings: LimitSettings & { readonly callTimeoutMs: number };
  readonly dispatcher: Dispatcher;
  readonly serverInfo: ServerInfo;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** The policies that let a call pass or refuse it, and their ways to Redis: each call has to pass them on its own. */
export class OwnPolicies implements Service {
  readonly set: CallPolicySet;
  readonly #lifecycle: Lifecycle;

  constructor({ source, keys, settings, dispatcher, serverInfo, metrics, logger }: OwnPoliciesOptions) {
    const { callTimeoutMs, rateLimitTimeoutMs } = settings;
    const limits = new RateLimits({ source, keys, timeoutMs: rateLimitTimeoutMs });
    const link = new PolicyLink(source);
    const board = new BreakerBoard(link, keys);
    countBreakers(board, metrics);
    const lastGood = new LastGood(link, keys);
    this.set = {
      rateLimit: new RateLimitPolicy({ limits, settings, metrics, logger }),
      breaker: new BreakerPolicy({ board, lastGood, serverInfo, metrics, logger }),
      admission: new AdmissionPolicy({ dispatcher, settings, callTimeoutMs, metrics }),
    };
    this.#lifecycle = new Lifecycle([limits, link]);
  }

  start(): Promise<void> {
    return this.#lifecycle.start();
  }

  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }
}
