import { randomBytes } from 'node:crypto';
import type { PeerMessage } from '@millrace/broker';
import { Classifier, ClusterServer } from '@millrace/dispatch';
import {
  AdminServer,
  createMetrics,
  exposeMetrics,
  Lifecycle,
  type Logger,
  type Phase,
  type Service,
  watchProcess,
} from '@millrace/service';
import type { FrontDoorConfig } from './config.ts';
import { HostCheck } from './http-checks.ts';
import { HttpServer } from './http-server.ts';
import { LostAnswers } from './lost-answers.ts';
import { McpEndpoint } from './mcp-endpoint.ts';
import { SessionStreams } from './session-streams.ts';
import { StreamRecorders } from './stream-recorders.ts';
import { WebSockets } from './web-sockets.ts';

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
  readonly #metrics = createMetrics();
  readonly #cluster: ClusterServer;
  readonly #streams: SessionStreams;
  readonly #recorders: StreamRecorders;
  readonly #webSockets: WebSockets;
  readonly #http: HttpServer;
  readonly #admin: AdminServer;
  readonly #lifecycle: Lifecycle;

  constructor(config: FrontDoorConfig, { logger }: FrontDoorParts) {
    this.#config = config;
    this.#logger = logger;
    const onPeer = (message: PeerMessage) => this.#hear(message);
    this.#cluster = new ClusterServer({
      id: this.id,
      settings: config,
      logger,
      metrics: this.#metrics,
      onPeer,
    });
    const { changes, eventStreams: streams, store, storedReplies, tellPeers } = this.#cluster.state;
    const lost = new LostAnswers(storedReplies);
    const { keepAliveMs } = config;
    this.#streams = new SessionStreams({ changes, store, streams, lost, tellPeers, keepAliveMs, logger });
    this.#recorders = new StreamRecorders(streams, tellPeers);
    const hosts = new HostCheck(config.httpHost, config.allowedHosts);
    this.#webSockets = this.#webSocketsOf(hosts);
    this.#http = this.#httpServer(hosts);
    this.#admin = this.#adminServer();
    this.#lifecycle = new Lifecycle([
      this.#admin,
      this.#cluster,
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
    watchProcess(this.#metrics);
    await this.#lifecycle.start();
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
      serverInfo,
      maxMessageBytes: maxBodyBytes,
      maxBufferBytes: wsMaxBufferBytes,
      heartbeatMs: wsHeartbeatMs,
      idleMs: wsIdleMs,
      logger: this.#logger,
    });
  }

  #httpServer(hosts: HostCheck): HttpServer {
    const { httpHost, httpPort, maxBodyBytes, keepAliveMs } = this.#config;
    const { methods, state } = this.#cluster;
    const mcp = new McpEndpoint({
      methods,
      oneWay: state.oneWay,
      sessions: state.sessions,
      streams: this.#streams,
      recorders: this.#recorders,
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
        '/metrics': () => exposeMetrics(this.#metrics),
      },
    });
  }

  #readiness(): { status: number; body: unknown } {
    const { connected: redis, pending } = this.#cluster;
    const ready = this.phase === 'ready' && redis;
    return { status: ready ? 200 : 503, body: { phase: this.phase, redis, pending } };
  }
}
