import {
  Catalogue,
  type CatalogueTimes,
  type CatalogueView,
  Dispatcher,
  Keys,
  type PeerMessage,
  type RedisSource,
} from '@millrace/broker';
import type { ServerInfo } from '@millrace/protocol';
import { createMetrics, Lifecycle, type Logger, type Metrics, type Service } from '@millrace/service';
import { Calls } from './calls.ts';
import { Greeting } from './greeting.ts';
import { ListWatch } from './list-watch.ts';
import { Listen } from './listen.ts';
import { Lists } from './lists.ts';
import { Methods } from './methods.ts';
import { Router } from './router.ts';
import { State } from './state.ts';
import { type TaskSettings, Tasks } from './tasks.ts';

/** Version told to clients in `serverInfo`. */
const VERSION = '0.1.0';

/** Settings of everything between a transport and the broker, all times in milliseconds. */
export interface ClusterSettings extends CatalogueTimes, TaskSettings {
  readonly redisUrl: string;
  /** What all names in Redis begin with. */
  readonly prefix: string;
  readonly callTimeoutMs: number;
  /** Entries on one page of a list. */
  readonly pageSize: number;
  readonly sessionIdleMs: number;
  readonly maxListenStreams: number;
  readonly envelopeVersion: number;
  readonly serverName: string;
  readonly instructions?: string | undefined;
}

export interface ClusterServerOptions {
  /** Unique in the cluster; the answers to all calls come back under it. */
  readonly id: string;
  readonly settings: ClusterSettings;
  readonly logger: Logger;
  /** Where it counts; figures that nobody reads unless given. */
  readonly metrics?: Metrics;
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
  readonly #tasks: Tasks;
  readonly #calls: Calls;
  readonly #listen: Listen;
  readonly #listWatch: ListWatch;
  readonly #lifecycle: Lifecycle;
  #router: Router;
  #lists: Lists;
  #watching = false;

  constructor(options: ClusterServerOptions) {
    const { id, settings, logger, onPeer } = options;
    this.#options = options;
    this.metrics = options.metrics ?? createMetrics();
    this.serverInfo = { name: settings.serverName, version: VERSION };
    const source: RedisSource = { url: settings.redisUrl, logger };
    const keys = new Keys(settings.prefix);
    this.#catalogue = new Catalogue({ source, keys, times: settings });
    this.#router = new Router(this.#catalogue.view);
    this.#lists = this.#listsOf(this.#catalogue.view);
    this.#catalogue.onChange((view) => this.#follow(view));
    this.#dispatcher = this.#newDispatcher(source, keys);
    this.state = new State({
      source,
      keys,
      sessionIdleMs: settings.sessionIdleMs,
      onCancelled: (session, request) => this.#calls.cancelRequest(session, request),
      onPeer: (message) => onPeer?.(message),
    });
    this.#tasks = new Tasks({
      source,
      keys,
      frontDoor: id,
      dispatcher: this.#dispatcher,
      envelopeOf: (pool) => Math.min(settings.envelopeVersion, this.#catalogue.envelopeOf(pool)),
      serverInfo: this.serverInfo,
      settings,
    });
    this.#calls = this.#newCalls();
    const { changes } = this.state;
    this.#listen = this.#newListen();
    this.#listWatch = new ListWatch(this.#catalogue.view, (list) => changes.publish({ kind: 'list', list }));
    this.methods = this.#newMethods();
    this.#lifecycle = new Lifecycle([this.#catalogue, this.#dispatcher, this.state, this.#tasks]);
  }

  /** Whether calls can be put on the queue at this moment. */
  get connected(): boolean {
    return this.#dispatcher.connected;
  }

  /** Calls that wait for their answer. */
  get pending(): number {
    return this.#dispatcher.pending;
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
    this.#router = new Router(view);
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
    });
  }

  #newCalls(): Calls {
    const { id, settings, logger } = this.#options;
    return new Calls({
      dispatcher: this.#dispatcher,
      asked: this.state.asked,
      frontDoor: id,
      router: () => this.#router,
      callTimeoutMs: settings.callTimeoutMs,
      tasks: this.#tasks.calls,
      logger,
    });
  }

  #newListen(): Listen {
    return new Listen({
      changes: this.state.changes,
      serverInfo: this.serverInfo,
      maxStreams: this.#options.settings.maxListenStreams,
      taskNotification: (task, request) => this.#tasks.methods.notification(task, request),
    });
  }

  #newMethods(): Methods {
    const { sessions, subscriptions } = this.state;
    const { instructions } = this.#options.settings;
    return new Methods({
      calls: this.#calls,
      greeting: new Greeting({ serverInfo: this.serverInfo, instructions }),
      lists: () => this.#lists,
      sessions,
      subscriptions,
      listen: this.#listen,
      more: this.#tasks.methods.byName,
    });
  }
}
