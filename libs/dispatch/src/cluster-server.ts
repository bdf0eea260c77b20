import {
  Catalogue,
  type CatalogueView,
  Dispatcher,
  Keys,
  type PeerMessage,
  Presence,
  type RedisSource,
  redisSourceOf,
} from '@millrace/broker';
import type { SealCalls, ServerInfo } from '@millrace/protocol';
import {
  createMetrics,
  Lifecycle,
  type Logger,
  type Metrics,
  type Service,
  type Tracer,
} from '@millrace/service';
import { AffineRoutes, stateLost } from './affine-routes.ts';
import { AnswerSharing } from './answer-sharing.ts';
import { Calls } from './calls.ts';
import { ClusterFigures } from './cluster-figures.ts';
import type { ClusterSettings } from './cluster-settings.ts';
import { Greeting } from './greeting.ts';
import { ListWatch } from './list-watch.ts';
import { Listen } from './listen.ts';
import { Lists } from './lists.ts';
import { type Around, Methods } from './methods.ts';
import { OwnPolicies } from './own-policies.ts';
import { OwnQueues } from './own-queues.ts';
import { Router } from './router.ts';
import { State } from './state.ts';
import type { StreamQuota } from './stream-quota.ts';
import { Tasks } from './tasks.ts';

/** Version told to clients in `serverInfo`. */
const VERSION = '0.1.0';

export interface ClusterServerOptions {
  /** Unique in the cluster; the answers to all calls come back under it. */
  readonly id: string;
  readonly settings: ClusterSettings;
  readonly logger: Logger;
  /** Where it counts; figures that nobody reads unless given. */
  readonly metrics?: Metrics;
  /** Absent where nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** Proves to workers who made the calls; absent where they do not ask. */
  readonly seal?: SealCalls | undefined;
  /** Stands around the handlers of all methods; nothing unless given. */
  readonly around?: Around | undefined;
  /** How many streams each principal may have open; any number unless given. */
  readonly quota?: StreamQuota | undefined;
  /** Told what other front doors tell each other. */
  readonly onPeer?: (message: PeerMessage) => void | Promise<void>;
}

/** The whole cluster as one MCP server, without a transport: messages go in classified, answers come out. */
export class ClusterServer implements Service {
  readonly serverInfo: ServerInfo;
  readonly methods: Methods;
  readonly state: State;
  readonly metrics: Metrics;
  readonly #options: ClusterServerOptions;
  readonly #catalogue: Catalogue;
  readonly #dispatcher: Dispatcher;
  readonly #ownPolicies: OwnPolicies;
  readonly #sharing: AnswerSharing;
  readonly #tasks: Tasks;
  readonly #calls: Calls;
  readonly #listen: Listen;
  readonly #listWatch: ListWatch;
  readonly #lifecycle: Lifecycle;
  readonly #sleeping: ReadonlySet<string>;
  #router: Router;
  #lists: Lists;
  #watching = false;
  readonly #figures: ClusterFigures;
  readonly #onDenied = () => this.#figures.refused('permission_denied');
  readonly #ownQueues = new OwnQueues((worker) => this.#dispatcher.abandon(worker, stateLost));

  constructor(options: ClusterServerOptions) {
    const { id, settings, logger, onPeer } = options;
    this.#options = options;
    this.metrics = options.metrics ?? createMetrics();
    const figures = new ClusterFigures(this.metrics);
    this.#figures = figures;
    this.serverInfo = { name: settings.serverName, version: VERSION };
    const source = redisSourceOf(settings, logger);
    const keys = new Keys(settings.prefix);
    const onLost = (workers: readonly string[]) => figures.workersLost(workers.length);
    this.#catalogue = new Catalogue({ source, keys, times: settings, onLost });
    this.#sleeping = new Set(settings.sleepingPools);
    this.#router = new Router(this.#catalogue.view, this.#sleeping);
    this.#lists = this.#listsOf(this.#catalogue.view);
    this.#catalogue.onChange((view) => this.#follow(view));
    this.#dispatcher = this.#newDispatcher(source, keys);
    this.#ownPolicies = new OwnPolicies({
      source,
      keys,
      settings,
      dispatcher: this.#dispatcher,
      serverInfo: this.serverInfo,
      metrics: this.metrics,
      logger,
    });
    this.state = new State({
      source,
      keys,
      sessionIdleMs: settings.sessionIdleMs,
      onCancelled: (session, request) => {
        this.#calls.cancelRequest(session, request);
        this.#sharing.cancelRequest(session, request);
      },
      onInvalidated: (tags) => this.#sharing.invalidated(tags),
      frontDoor: id,
      onCompany: () => this.#sharing.onCompany(),
      onEventsMissed: () => this.#sharing.missedInvalidations(),
      onSession: (event) => figures.session(event),
      onPeer: (message) => onPeer?.(message),
    });
    this.#sharing = this.#newSharing(source, keys);
    this.#tasks = new Tasks({
      source,
      keys,
      frontDoor: id,
      dispatcher: this.#dispatcher,
      envelopeOf: (pool) => Math.min(settings.envelopeVersion, this.#catalogue.envelopeOf(pool)),
      serverInfo: this.serverInfo,
      settings,
      seal: options.seal,
      onStatus: (status) => figures.task(status),
    });
    this.#calls = this.#newCalls();
    const { changes } = this.state;
    this.#listen = this.#newListen();
    this.#listWatch = new ListWatch(this.#catalogue.view, (list) => changes.publish({ kind: 'list', list }));
    this.methods = this.#newMethods();
    const presence = new Presence({ source, keys, frontDoor: id, times: settings });
    this.#lifecycle = new Lifecycle([
      this.#catalogue,
      presence,
      this.#dispatcher,
      this.#ownPolicies,
      this.#sharing,
      this.state,
      this.#tasks,
    ]);
  }

  /** Whether calls can be put on the queue at this moment. */
  get connected(): boolean {
    return this.#dispatcher.connected;
  }

  /** Calls that wait for their answer. */
  get pending(): number {
    return this.#dispatcher.pending;
  }

  /** Pools that serve something, be it without a worker now. */
  get pools(): ReadonlySet<string> {
    return this.#figures.pools;
  }

  get poolsWithoutWorkers(): readonly string[] {
    return [...this.pools].filter((pool) => this.#catalogue.slotsOf(pool) === 0);
  }

  /** Whether it knows what the fleet serves. */
  get loaded(): boolean {
    return this.#catalogue.loaded;
  }

  /** Streams of `subscriptions/listen` that are open. */
  get listening(): number {
    return this.#listen.size;
  }

  /** Brings those figures up to date that are not counted as they change. */
  observe(): void {
    this.#figures.observe(this.#dispatcher);
  }

  start(): Promise<void> {
    return this.#lifecycle.start();
  }

  stop(deadline?: number): Promise<void> {
    return this.#lifecycle.stop(deadline);
  }

  /** Tells of changes from now on: what is served at this moment is taken as known. */
  watch(): void {
    this.#watching = true;
    this.#listWatch.begin(this.#catalogue.view);
  }

  /** Ends the streams that would never end by themselves, telling their clients that it was on purpose. */
  endStreams(): void {
    this.#listWatch.stop();
    this.#listen.closeAll();
  }

  #follow(view: CatalogueView): void {
    this.#ownQueues.follow(view);
    this.#figures.follow(view);
    this.#router = new Router(view, this.#sleeping);
    this.#lists = this.#listsOf(view);
    if (this.#watching) this.#listWatch.follow(view);
    const { logger } = this.#options;
    logger.debug({ workers: view.workers.length, tools: view.tools.length }, 'the catalogue changed');
  }

  #listsOf(view: CatalogueView): Lists {
    return new Lists({ view, pageSize: this.#options.settings.pageSize, serverInfo: this.serverInfo });
  }

  #newDispatcher(source: RedisSource, keys: Keys): Dispatcher {
    return new Dispatcher({
      source,
      keys,
      frontDoor: this.#options.id,
      slotsOf: (pool) => this.#catalogue.slotsOf(pool),
      envelopeOf: (pool) => this.#catalogue.envelopeOf(pool),
      envelope: this.#options.settings.envelopeVersion,
      tenantWeights: this.#options.settings.tenantWeights,
      onBatch: (pool, calls) => this.#figures.batchLeft(pool, calls),
      onShed: () => this.#figures.refused('overloaded'),
      seal: this.#options.seal,
    });
  }

  #newCalls(): Calls {
    const { id, settings, logger } = this.#options;
    const { affinities } = this.state;
    return new Calls({
      onDenied: this.#onDenied,
      tracer: this.#options.tracer,
      onUnrouted: (thrown) => this.#figures.unrouted(thrown),
      affine: new AffineRoutes({ affinities, view: () => this.#catalogue.view, logger }),
      dispatcher: this.#dispatcher,
      asked: this.state.asked,
      frontDoor: id,
      router: () => this.#router,
      callTimeoutMs: settings.callTimeoutMs,
      tasks: this.#tasks.calls,
      policies: { ...this.#ownPolicies.set, ...this.#sharing.policies },
      logger,
    });
  }

  #newSharing(source: RedisSource, keys: Keys): AnswerSharing {
    const { id, settings } = this.#options;
    return new AnswerSharing({
      source,
      keys,
      frontDoor: id,
      settings,
      envelope: settings.envelopeVersion,
      callTimeoutMs: settings.callTimeoutMs,
      listeners: this.#dispatcher.listeners,
      serverInfo: this.serverInfo,
      metrics: this.metrics,
      hears: () => this.state.hearsEvents,
      alone: () => this.state.alone,
    });
  }

  #newListen(): Listen {
    return new Listen({
      changes: this.state.changes,
      serverInfo: this.serverInfo,
      maxStreams: this.#options.settings.maxListenStreams,
      quota: this.#options.quota,
      taskNotification: (task, request) => this.#tasks.methods.notification(task, request),
    });
  }

  #newMethods(): Methods {
    const { sessions, subscriptions } = this.state;
    const { instructions } = this.#options.settings;
    return new Methods({
      onDenied: this.#onDenied,
      calls: this.#calls,
      greeting: new Greeting({ serverInfo: this.serverInfo, instructions }),
      lists: () => this.#lists,
      sessions,
      subscriptions,
      listen: this.#listen,
      more: this.#tasks.methods.byName,
      around: this.#options.around,
      timerOf: (method) => this.#figures.timerOf(method),
    });
  }
}
