import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Keys, type PeerMessage, type RedisSource, redisSourceOf } from '@millrace/broker';
import { Classifier, ClusterServer, StreamQuota } from '@millrace/dispatch';
import {
  createMetrics,
  Lifecycle,
  type Logger,
  type Phase,
  type Service,
  type Tracer,
  watchProcess,
} from '@millrace/service';
import { Auditor } from './auditor.ts';
import type { FrontDoorConfig } from './config.ts';
import { Cors } from './cors.ts';
import { Entrance, serveMetadata } from './entrance.ts';
import { FrontDoorAdmin } from './front-door-admin.ts';
import { HostCheck } from './http-checks.ts';
import { HttpServer, type HttpServerOptions } from './http-server.ts';
import { LostAnswers } from './lost-answers.ts';
import { McpEndpoint } from './mcp-endpoint.ts';
import { SessionStreams } from './session-streams.ts';
import { StreamRecorders } from './stream-recorders.ts';
import { WebSockets } from './web-sockets.ts';

export interface FrontDoorParts {
  readonly logger: Logger;
  /** Absent where nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

/** A front door: takes MCP requests, puts them on the queues of their pools, answers with what comes back. */
export interface FrontDoor extends Service {
  readonly id: string;
  readonly phase: Phase;
  readonly httpAddress: { readonly address: string; readonly port: number };
  readonly adminAddress: { readonly host: string; readonly port: number };
}

/** What is logged where nobody is authenticated. */
const OPEN = 'NO AUTHENTICATION: everybody who reaches the MCP endpoint may call every tool';

/** Builds a front door. Nothing runs, and Redis is not touched, before `start()`. */
export function createFrontDoor(config: FrontDoorConfig, parts: FrontDoorParts): FrontDoor {
  return new ClusterFrontDoor(config, parts);
}

class ClusterFrontDoor implements FrontDoor {
  readonly id = `f-${randomBytes(6).toString('hex')}`;
  readonly #config: FrontDoorConfig;
  readonly #logger: Logger;
  readonly #metrics = createMetrics();
  readonly #entrance: Entrance | undefined;
  readonly #auditor: Auditor | undefined;
  readonly #quota: StreamQuota;
  readonly #cors: Cors;
  readonly #cluster: ClusterServer;
  readonly #streams: SessionStreams;
  readonly #recorders: StreamRecorders;
  readonly #webSockets: WebSockets;
  readonly #http: HttpServer;
  readonly #admin: FrontDoorAdmin;
  readonly #lifecycle: Lifecycle;

  constructor(config: FrontDoorConfig, { logger, tracer }: FrontDoorParts) {
    this.#config = config;
    this.#logger = logger;
    const onPeer = (message: PeerMessage) => this.#hear(message);
    const source = redisSourceOf(config, logger);
    const keys = new Keys(config.prefix);
    this.#entrance = Entrance.of({ config, source, keys, metrics: this.#metrics });
    this.#auditor = Auditor.of({ id: this.id, config, source, keys, metrics: this.#metrics });
    this.#quota = new StreamQuota(config.maxStreamsPerPrincipal);
    this.#cors = new Cors(config.corsOrigins);
    this.#cluster = new ClusterServer({
      id: this.id,
      settings: config,
      logger,
      metrics: this.#metrics,
      tracer,
      seal: this.#entrance?.seal,
      quota: this.#quota,
      around: this.#auditor?.requests.around,
      onPeer,
    });
    const { changes, eventStreams: streams, store, storedReplies, tellPeers } = this.#cluster.state;
    const lost = new LostAnswers(storedReplies);
    const { keepAliveMs } = config;
    this.#streams = new SessionStreams({ changes, store, streams, lost, tellPeers, keepAliveMs, logger });
    this.#recorders = new StreamRecorders(streams, tellPeers);
    const { httpHost: listenHost, allowedHosts, publicUrl } = config;
    const allowsOrigin = (origin: string) => this.#cors.allows(origin);
    const hosts = new HostCheck({ listenHost, allowedHosts, publicUrl, allowsOrigin });
    this.#webSockets = this.#webSocketsOf(hosts);
    this.#http = this.#httpServer(hosts);
    this.#admin = this.#frontDoorAdmin(source, keys);
    this.#lifecycle = new Lifecycle([
      ...(tracer ? [tracer] : []),
      this.#admin,
      this.#admin.links,
      ...(this.#auditor ? [this.#auditor] : []),
      ...(this.#entrance ? [this.#entrance] : []),
      this.#cluster,
      this.#http,
      this.#webSockets,
      this.#openStreams(),
      this.#farewell(),
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
    watchProcess(this.#metrics);
    await this.#lifecycle.start();
    if (!this.#entrance) this.#logger.warn({ host: this.#config.httpHost }, OPEN);
    this.#logger.info({ http: this.httpAddress, admin: this.adminAddress }, 'listening');
  }

  stop(deadline?: number): Promise<void> {
    return this.#lifecycle.stop(deadline);
  }

  async #hear(message: PeerMessage): Promise<void> {
    if (message.kind === 'session') await this.#streams.refresh(message.session);
    else if (message.kind === 'resumed') this.#recorders.follow(message.stream);
    else if (message.kind === 'stream') this.#streams.advance(message.stream);
  }

  /** Streams that would never end by themselves: the last thing to begin, the first to end. */
  #openStreams(): Service {
    return {
      start: async () => this.#cluster.watch(),
      stop: async () => {
        this.#cluster.endStreams();
        this.#streams.closeAll();
      },
    };
  }

  /** The first step of the end: it is not ready any more, but serves until load balancers have seen that. */
  #farewell(): Service {
    return {
      start: async () => undefined,
      stop: async (deadline = Date.now()) => {
        this.#http.retire();
        const left = Math.max(0, deadline - Date.now());
        await setTimeout(Math.min(this.#config.shutdownDelayMs, left));
      },
    };
  }

  #webSocketsOf(hosts: HostCheck): WebSockets {
    const { maxBodyBytes, wsHeartbeatMs, wsIdleMs, wsMaxBufferBytes } = this.#config;
    const { methods, serverInfo, state } = this.#cluster;
    const { changes, oneWay, sessions } = state;
    return new WebSockets({
      classifier: new Classifier(),
      methods,
      oneWay,
      sessions,
      changes,
      hosts,
      audit: this.#auditor?.requests,
      entrance: this.#entrance,
      serverInfo,
      limits: this.#config,
      quota: this.#quota,
      maxMessageBytes: maxBodyBytes,
      maxBufferBytes: wsMaxBufferBytes,
      heartbeatMs: wsHeartbeatMs,
      idleMs: wsIdleMs,
      logger: this.#logger,
    });
  }

  #httpServer(hosts: HostCheck): HttpServer {
    const { httpHost, httpPort, maxBodyBytes, maxBatchMessages, keepAliveMs } = this.#config;
    const { methods, state } = this.#cluster;
    const mcp = new McpEndpoint({
      methods,
      oneWay: state.oneWay,
      sessions: state.sessions,
      streams: this.#streams,
      recorders: this.#recorders,
      hosts,
      audit: this.#auditor?.requests,
      entrance: this.#entrance,
      maxBodyBytes,
      limits: this.#config,
      maxBatchMessages,
      quota: this.#quota,
      cors: this.#cors,
      keepAliveMs,
      logger: this.#logger,
    });
    return new HttpServer({
      host: httpHost,
      port: httpPort,
      settings: this.#config,
      paths: { '/mcp': (request, response) => mcp.serve(request, response), ...this.#metadataPaths() },
      upgrades: { '/ws': (request, socket, head) => void this.#webSockets.upgrade(request, socket, head) },
    });
  }

  #metadataPaths(): HttpServerOptions['paths'] {
    const { metadata } = this.#entrance ?? {};
    if (!metadata) return {};
    const serve: HttpServerOptions['paths'][string] = (request, response) =>
      serveMetadata(metadata, request, response);
    return Object.fromEntries(metadata.paths.map((path) => [path, serve]));
  }

  #frontDoorAdmin(source: RedisSource, keys: Keys): FrontDoorAdmin {
    return new FrontDoorAdmin({
      config: this.#config,
      source,
      keys,
      metrics: this.#metrics,
      cluster: this.#cluster,
      seal: this.#entrance?.seal,
      phase: () => this.phase,
      connections: async () => ({ http: await this.#http.connections(), websocket: this.#webSockets.size }),
    });
  }
}
