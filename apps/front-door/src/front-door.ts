import { randomBytes } from 'node:crypto';
import { Catalogue, type CatalogueView, Dispatcher, Keys, type RedisSource } from '@millrace/broker';
import type { ServerInfo } from '@millrace/protocol';
import { AdminServer, Lifecycle, type Logger, type Phase, type Service } from '@millrace/service';
import { Calls } from './calls.ts';
import { Classifier } from './classify.ts';
import type { FrontDoorConfig } from './config.ts';
import { Greeting } from './greeting.ts';
import { HostCheck } from './http-checks.ts';
import { HttpServer } from './http-server.ts';
import { ListWatch } from './list-watch.ts';
import { Listen } from './listen.ts';
import { Lists } from './lists.ts';
import { McpEndpoint } from './mcp-endpoint.ts';
import { Methods } from './methods.ts';
import { Router } from './router.ts';
import { State } from './state.ts';
import { Tasks } from './tasks.ts';
import { WebSockets } from './web-sockets.ts';

/** Version told to clients in `serverInfo`. */
const VERSION = '0.1.0';

export interface FrontDoorParts {
  readonly logger: Logger;
}

/** A front door: takes MCP requests, puts them on the queues of their pools, answers with what comes back. */
export interface FrontDoor extends Service {
  readonly id: string;
  readonly phase: Phase;
  readonly httpAddress: { readonly address: string; readonly port: number };
  readonly adminAddress: { readonly host: string; readonly port: number };
}

/** Builds a front door. Nothing runs, and Redis is not touched, before `start()`. */
export function createFrontDoor(config: FrontDoorConfig, parts: FrontDoorParts): FrontDoor {
  return new ClusterFrontDoor(config, parts);
}

class ClusterFrontDoor implements FrontDoor {
  readonly id = `f-${randomBytes(6).toString('hex')}`;
  readonly #config: FrontDoorConfig;
  readonly #logger: Logger;
  readonly #serverInfo: ServerInfo;
  readonly #catalogue: Catalogue;
  readonly #dispatcher: Dispatcher;
  readonly #state: State;
  readonly #tasks: Tasks;
  readonly #calls: Calls;
  readonly #listen: Listen;
  readonly #listWatch: ListWatch;
  readonly #webSockets: WebSockets;
  readonly #http: HttpServer;
  readonly #admin: AdminServer;
  readonly #lifecycle: Lifecycle;
  #router: Router;
  #lists: Lists;

  constructor(config: FrontDoorConfig, { logger }: FrontDoorParts) {
    this.#config = config;
    this.#logger = logger;
    this.#serverInfo = { name: config.serverName, version: VERSION };
    const source: RedisSource = { url: config.redisUrl, logger };
    const keys = new Keys(config.prefix);
    this.#catalogue = new Catalogue({ source, keys, times: config });
    this.#router = new Router(this.#catalogue.view);
    this.#lists = this.#listsOf(this.#catalogue.view);
    this.#catalogue.onChange((view) => this.#follow(view));
    this.#dispatcher = new Dispatcher({
      source,
      keys,
      frontDoor: this.id,
      slotsOf: (pool) => this.#catalogue.slotsOf(pool),
      envelopeOf: (pool) => this.#catalogue.envelopeOf(pool),
      envelope: config.envelopeVersion,
    });
    this.#state = new State({
      source,
      keys,
      sessionIdleMs: config.sessionIdleMs,
      keepAliveMs: config.keepAliveMs,
      onCancelled: (session, request) => this.#calls.cancelRequest(session, request),
    });
    this.#tasks = new Tasks({
      source,
      keys,
      frontDoor: this.id,
      dispatcher: this.#dispatcher,
      envelopeOf: (pool) => Math.min(config.envelopeVersion, this.#catalogue.envelopeOf(pool)),
      serverInfo: this.#serverInfo,
      settings: config,
    });
    this.#calls = new Calls({
      dispatcher: this.#dispatcher,
      asked: this.#state.asked,
      frontDoor: this.id,
      router: () => this.#router,
      callTimeoutMs: config.callTimeoutMs,
      tasks: this.#tasks.calls,
      logger,
    });
    const { changes } = this.#state;
    this.#listen = new Listen({
      changes,
      serverInfo: this.#serverInfo,
      maxStreams: config.maxListenStreams,
      taskNotification: (task, request) => this.#tasks.methods.notification(task, request),
    });
    this.#listWatch = new ListWatch(this.#catalogue.view, (list) => changes.publish({ kind: 'list', list }));
    const methods = this.#methods();
    const hosts = new HostCheck(config.httpHost, config.allowedHosts);
    this.#webSockets = this.#webSocketsOf(methods, hosts);
    this.#http = this.#httpServer(methods, hosts);
    this.#admin = this.#adminServer();
    this.#lifecycle = new Lifecycle([
      this.#admin,
      this.#catalogue,
      this.#dispatcher,
      this.#state,
      this.#tasks,
      this.#http,
      this.#webSockets,
      this.#openStreams(),
    ]);
  }

  get phase(): Phase {
    return this.#lifecycle.phase;
  }

  get httpAddress(): { readonly address: string; readonly port: number } {
    return this.#http.address;
  }

  get adminAddress(): { readonly host: string; readonly port: number } {
    return this.#admin.address;
  }

  async start(): Promise<void> {
    await this.#lifecycle.start();
    this.#logger.info({ http: this.httpAddress, admin: this.adminAddress }, 'listening');
  }

  stop(deadline?: number): Promise<void> {
    return this.#lifecycle.stop(deadline);
  }

  #follow(view: CatalogueView): void {
    this.#router = new Router(view);
    this.#lists = this.#listsOf(view);
    if (this.phase === 'ready') this.#listWatch.follow(view);
    this.#logger.debug({ workers: view.workers.length, tools: view.tools.length }, 'the catalogue changed');
  }

  #listsOf(view: CatalogueView): Lists {
    return new Lists({ view, pageSize: this.#config.pageSize, serverInfo: this.#serverInfo });
  }

  /** Streams that would never end by themselves: the last thing to begin, the first to end. */
  #openStreams(): Service {
    return {
      start: async () => this.#listWatch.begin(this.#catalogue.view),
      stop: async () => {
        this.#listWatch.stop();
        this.#listen.closeAll();
        this.#state.streams.closeAll();
      },
    };
  }

  #methods(): Methods {
    const { sessions, subscriptions } = this.#state;
    return new Methods({
      calls: this.#calls,
      greeting: new Greeting({ serverInfo: this.#serverInfo, instructions: this.#config.instructions }),
      lists: () => this.#lists,
      sessions,
      subscriptions,
      listen: this.#listen,
      more: this.#tasks.methods.byName,
    });
  }

  #webSocketsOf(methods: Methods, hosts: HostCheck): WebSockets {
    const { maxBodyBytes, wsHeartbeatMs, wsIdleMs, wsMaxBufferBytes } = this.#config;
    const { changes, oneWay, sessions } = this.#state;
    return new WebSockets({
      classifier: new Classifier(),
      methods,
      oneWay,
      sessions,
      changes,
      hosts,
      serverInfo: this.#serverInfo,
      maxMessageBytes: maxBodyBytes,
      maxBufferBytes: wsMaxBufferBytes,
      heartbeatMs: wsHeartbeatMs,
      idleMs: wsIdleMs,
      logger: this.#logger,
    });
  }

  #httpServer(methods: Methods, hosts: HostCheck): HttpServer {
    const { httpHost, httpPort, maxBodyBytes, keepAliveMs } = this.#config;
    const { oneWay, recorders, sessions, streams } = this.#state;
    const mcp = new McpEndpoint({
      methods,
      oneWay,
      sessions,
      streams,
      recorders,
      hosts,
      maxBodyBytes,
      keepAliveMs,
      logger: this.#logger,
    });
    return new HttpServer({
      host: httpHost,
      port: httpPort,
      paths: { '/mcp': (request, response) => void mcp.serve(request, response) },
      upgrades: { '/ws': (request, socket, head) => this.#webSockets.upgrade(request, socket, head) },
    });
  }

  #adminServer(): AdminServer {
    return new AdminServer({
      host: this.#config.adminHost,
      port: this.#config.adminPort,
      portVariable: 'MILLRACE_ADMIN_PORT',
      logger: this.#logger,
      routes: {
        '/livez': () => ({ body: { status: 'alive' } }),
        '/readyz': () => this.#readiness(),
      },
    });
  }

  #readiness(): { status: number; body: unknown } {
    const redis = this.#dispatcher.connected;
    const ready = this.phase === 'ready' && redis;
    return {
      status: ready ? 200 : 503,
      body: { phase: this.phase, redis, pending: this.#dispatcher.pending },
    };
  }
}
