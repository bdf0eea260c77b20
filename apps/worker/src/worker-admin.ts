import { tmpdir } from 'node:os';
import { type Intake, observeRedis, RedisProbe, type RedisSource } from '@millrace/broker';
import type { Slots } from '@millrace/resilience';
import {
  AdminServer,
  type Check,
  EventLoopWatch,
  exposeMetrics,
  healthRoutes,
  logLevelRoute,
  type Metrics,
  observeDisk,
  type Phase,
  type Service,
} from '@millrace/service';
import type { Registry } from '@millrace/toolkit';
import type { WorkerConfig } from './config.ts';

/** From then on no work is given to a worker whose event loop is late, in milliseconds. */
const LATE_MS = 5_000;

export interface WorkerAdminOptions {
  readonly config: Pick<WorkerConfig, 'adminHost' | 'adminPort'>;
  readonly source: RedisSource;
  readonly metrics: Metrics;
  readonly phase: () => Phase;
  readonly registry: () => Pick<Registry, 'checks'>;
  readonly intakes: () => readonly Pick<Intake, 'consuming'>[];
  /** What else of the worker can fail. */
  readonly checks: readonly Check[];
  readonly slots: Slots;
  /** Calls that it has. */
  readonly calls: () => number;
}

/** What the operators of a worker see: health, figures, the level of its log. It listens before anything else begins. */
export class WorkerAdmin implements Service {
  /** Its own way to Redis; to be started after this, since Redis may be away. */
  readonly probe: RedisProbe;
  readonly #options: WorkerAdminOptions;
  readonly #server: AdminServer;
  readonly #eventLoop = new EventLoopWatch();

  constructor(options: WorkerAdminOptions) {
    const { config, source, phase, slots, calls } = options;
    this.#options = options;
    this.probe = new RedisProbe(source);
    this.#server = new AdminServer({
      host: config.adminHost,
      port: config.adminPort,
      portVariable: 'MILLRACE_ADMIN_PORT',
      logger: source.logger,
      routes: {
        ...healthRoutes({
          phase,
          checks: () => this.#checks(),
          details: () => ({ slotsUsed: slots.used, calls: calls() }),
        }),
        '/metrics': () => this.#metrics(),
        '/log-level': logLevelRoute(source.logger),
      },
    });
  }

  get address(): AdminServer['address'] {
    return this.#server.address;
  }

  async start(): Promise<void> {
    await this.#eventLoop.start();
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    await this.#eventLoop.stop();
  }

  #checks(): readonly Check[] {
    return [
      { name: 'redis', readiness: true, run: async () => void (await this.probe.ping()) },
      { name: 'queue', readiness: true, run: () => this.#checkQueue() },
      { name: 'event-loop', readiness: true, run: () => this.#eventLoop.check(LATE_MS) },
      ...this.#options.checks,
      ...this.#options.registry().checks(),
    ];
  }

  #checkQueue(): void {
    if (!this.#options.intakes().every(({ consuming }) => consuming)) {
      throw new Error('no calls are taken from the queue');
    }
  }

  async #metrics() {
    const { metrics, slots } = this.#options;
    metrics.slots.set(slots.used + slots.free);
    metrics.slotsUsed.set(slots.used);
    await Promise.all([observeRedis(this.probe, metrics), observeDisk(metrics, tmpdir())]);
    return exposeMetrics(metrics);
  }
}
