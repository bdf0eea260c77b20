import { tmpdir } from 'node:os';
import {
  type CatalogueTimes,
  type Keys,
  Operations,
  observeRedis,
  RedisProbe,
  type RedisSource,
  ScalingReader,
} from '@millrace/broker';
import type { ClusterServer } from '@millrace/dispatch';
import type { SealCalls } from '@millrace/protocol';
import {
  AdminServer,
  type Check,
  EventLoopWatch,
  exposeMetrics,
  healthRoutes,
  Lifecycle,
  logLevelRoute,
  type Metrics,
  observeDisk,
  operatorGuard,
  type Phase,
  type Service,
} from '@millrace/service';
import type { FrontDoorConfig } from './config.ts';
import { observeDemand } from './demand-gauge.ts';
import { operationRoutes } from './operation-routes.ts';
import { SCALING_PATH, scalingRoute } from './scaling-route.ts';

/** From then on no requests should be sent to a front door whose event loop is late, in milliseconds. */
const LATE_MS = 5_000;

/** Connections that are open, by what is spoken on them. */
export type Connections = Readonly<Record<'http' | 'websocket', number>>;

export interface FrontDoorAdminOptions {
  readonly config: Pick<FrontDoorConfig, 'adminHost' | 'adminPort' | 'adminToken' | keyof CatalogueTimes>;
  /** Proves to workers who made a call that is replayed; absent where they do not ask. */
  readonly seal?: SealCalls | undefined;
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly metrics: Metrics;
  readonly cluster: ClusterServer;
  readonly phase: () => Phase;
  readonly connections: () => Promise<Connections>;
}

/** What the operators of a front door see: health, figures, demand, the level of its log. It listens first. */
export class FrontDoorAdmin implements Service {
  /** Its own ways to Redis; to be started after this, since Redis may be away. */
  readonly links: Service;
  readonly #options: FrontDoorAdminOptions;
  readonly #server: AdminServer;
  readonly #probe: RedisProbe;
  readonly #scaling: ScalingReader;
  readonly #operations: Operations;
  readonly #eventLoop = new EventLoopWatch();

  constructor(options: FrontDoorAdminOptions) {
    const { config, source, keys, cluster, phase } = options;
    this.#options = options;
    this.#probe = new RedisProbe(source);
    this.#scaling = new ScalingReader({ source, keys });
    this.#operations = new Operations({ source, keys, times: config, seal: options.seal });
    this.links = new Lifecycle([this.#probe, this.#scaling, this.#operations]);
    this.#server = new AdminServer({
      host: config.adminHost,
      port: config.adminPort,
      portVariable: 'MILLRACE_ADMIN_PORT',
      logger: source.logger,
      routes: {
        ...healthRoutes({
          phase,
          checks: () => this.#checks(),
          details: () => ({ redis: cluster.connected, pending: cluster.pending }),
        }),
        '/metrics': () => this.#metrics(),
        '/log-level': logLevelRoute(source.logger),
        [SCALING_PATH]: scalingRoute(this.#scaling),
        ...operationRoutes(
          this.#operations,
          operatorGuard({ host: config.adminHost, token: config.adminToken }),
        ),
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
      { name: 'redis', readiness: true, run: () => this.#checkRedis() },
      { name: 'catalogue', readiness: true, run: () => this.#checkCatalogue() },
      { name: 'event-loop', readiness: true, run: () => this.#eventLoop.check(LATE_MS) },
      { name: 'workers', optional: true, run: () => this.#checkWorkers() },
    ];
  }

  async #checkRedis(): Promise<void> {
    if (!this.#options.cluster.connected) throw new Error('calls cannot be put on the queue');
    await this.#probe.ping();
  }

  #checkCatalogue(): void {
    if (!this.#options.cluster.loaded) throw new Error('it is not known yet what the workers serve');
  }

  /** Others pools go on without it, and an autoscaler may have meant it so. */
  #checkWorkers(): void {
    const empty = this.#options.cluster.poolsWithoutWorkers;
    if (empty.length > 0) throw new Error(`no live worker serves ${empty.join(', ')}`);
  }

  async #metrics() {
    const { cluster, metrics, connections } = this.#options;
    cluster.observe();
    const [{ http, websocket }] = await Promise.all([
      connections(),
      observeDemand(this.#scaling, cluster.pools, metrics),
      observeRedis(this.#probe, metrics),
      observeDisk(metrics, tmpdir()),
    ]);
    metrics.activeConnections.set({ transport: 'http' }, http);
    metrics.activeConnections.set({ transport: 'websocket' }, websocket);
    metrics.activeConnections.set({ transport: 'listen' }, cluster.listening);
    return exposeMetrics(metrics);
  }
}
