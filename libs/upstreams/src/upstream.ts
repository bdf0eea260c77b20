import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { JsonObject } from '@millrace/protocol';
import type { Metrics } from '@millrace/service';
import {
  type InstalledParts,
  type PluginHost,
  type PluginLog,
  type PluginParts,
  runRounds,
} from '@millrace/toolkit';
import type { PriorDiscovery, Tool } from '@modelcontextprotocol/client';
import { LostOwners, ownerOf } from './affinity.ts';
import { UpstreamConnection } from './connection.ts';
import { ConnectionLost } from './connection-lost.ts';
import { FollowedResources } from './followed-resources.ts';
import { openHttpLink } from './http-link.ts';
import type { Link } from './link.ts';
import type { OrphanGuard } from './orphan-guard.ts';
import { ProcessPool } from './process-pool.ts';
import { Restarts } from './restarts.ts';
import type { UpstreamSettings } from './settings.ts';
import { openStdioLink } from './stdio-link.ts';
import { runOn, type UpstreamCall } from './upstream-call.ts';
import { lost, StartFailed, stateLost, unavailable } from './upstream-errors.ts';
import { readUpstreamParts } from './upstream-parts.ts';

export interface UpstreamOptions {
  readonly settings: UpstreamSettings;
  readonly guard: OrphanGuard;
  readonly metrics: Pick<
    Metrics,
    'upstreamStarts' | 'upstreamLosses' | 'poolSize' | 'poolWaiting' | 'poolMax'
  >;
}

/** Processes that one idempotent call may see dying under it. */
const MOST_TRIES = 5;
/** How long a change of the lists is waited for to be followed by others, in milliseconds. */
const GATHER_MS = 50;
/** How long a worker that starts waits for an upstream, in milliseconds. */
const PATIENCE_MS = 5_000;

/** One existing MCP server, hosted by a worker: its processes, its lists, and the calls to it. */
export class Upstream {
  readonly #options: UpstreamOptions;
  readonly #settings: UpstreamSettings;
  readonly #host: PluginHost;
  readonly #log: PluginLog;
  readonly #pool: ProcessPool<UpstreamConnection>;
  readonly #lost = new LostOwners();
  readonly #followed = new FollowedResources();
  #discovery: PriorDiscovery | undefined;
  readonly #headed = new Map<string, Tool>();
  #listed = false;
  #refresh: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: UpstreamOptions, host: PluginHost) {
    this.#options = options;
    this.#settings = options.settings;
    this.#host = host;
    this.#log = host.log;
    this.#pool = this.#createPool();
  }

  /**
   * Starts its processes and gives its parts. One that is slow or broken harms nobody else: it has no parts yet, and
   * gets them as soon as it can be read.
   */
  async install(): Promise<InstalledParts> {
    const teardown = () => this.stop();
    this.#pool.warm();
    const reading = this.#readParts();
    const patience = delay(PATIENCE_MS, undefined, { ref: false });
    const parts = await Promise.race([reading, patience]).catch((error: unknown) => this.#notListed(error));
    if (parts === undefined && !this.#refresh) void this.#serve(reading);
    return { ...parts, teardown };
  }

  /** Runs one call, again on another process where that may be. */
  run(work: Omit<UpstreamCall, 'hasAsked'>): Promise<JsonObject> {
    const { call, context } = work;
    return runRounds(call, context, () => this.#runWithTries({ ...work, hasAsked: false }));
  }

  async stop(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#refresh);
    await this.#pool.close();
    this.#observe();
  }

  #createPool(): ProcessPool<UpstreamConnection> {
    const { name, breakerFailures, breakerMs } = this.#settings;
    return new ProcessPool<UpstreamConnection>({
      limits: this.#settings,
      open: (signal) => this.#open(signal),
      restarts: new Restarts({ failures: breakerFailures, pauseMs: breakerMs }),
      judge: (error) => (error instanceof StartFailed ? error.kind : 'failed'),
      unavailable: (cause, retryAfterMs) => unavailable(name, cause, retryAfterMs),
      onOwnerLost: (owner) => this.#lost.add(owner),
      onLoss: () => this.#options.metrics.upstreamLosses.inc({ upstream: name }),
      onChange: () => this.#observe(),
      log: this.#log,
    });
  }

  async #open(signal: AbortSignal): Promise<UpstreamConnection> {
    const { upstreamStarts } = this.#options.metrics;
    const { name } = this.#settings;
    try {
      const connection = await this.#connect(signal);
      upstreamStarts.inc({ upstream: name, outcome: 'started' });
      this.#discovery = connection.discovery;
      this.#followed.join(connection);
      return connection;
    } catch (error) {
      upstreamStarts.inc({ upstream: name, outcome: 'failed' });
      throw error;
    }
  }

  async #connect(signal: AbortSignal): Promise<UpstreamConnection> {
    let link: Link | undefined;
    try {
      link = await this.#link();
      return await UpstreamConnection.open({
        settings: this.#settings,
        link,
        prior: this.#discovery,
        headed: this.#headed,
        signal,
        log: this.#log,
        onListChanged: (changed) => this.#refreshLater(GATHER_MS, changed),
        onResourceUpdated: (uri) => this.#host.resourceUpdated(uri),
      });
    } catch (cause) {
      // What was known of it may be wrong by now, and a server that dies of the question is asked as an older one.
      this.#discovery =
        this.#discovery === undefined && cause instanceof ConnectionLost ? { kind: 'legacy' } : undefined;
      throw new StartFailed(describeStart(cause, this.#settings), link?.lastWords ?? [], cause);
    }
  }

  async #link(): Promise<Link> {
    const { command, url } = this.#settings;
    const { env, log } = this.#host;
    if (command !== undefined) {
      return openStdioLink({ ...this.#settings, command }, { env, log, guard: this.#options.guard });
    }
    return openHttpLink({ ...this.#settings, url: url as string }, { log });
  }

  async #runWithTries(work: UpstreamCall): Promise<JsonObject> {
    const { name, affinity } = this.#settings;
    const { signal } = work.context;
    const owner = affinity === 'session' ? ownerOf(work.call, name) : undefined;
    if (owner !== undefined && this.#lost.tell(owner)) throw stateLost(name);
    for (let tries = 1; ; ) {
      try {
        return await this.#pool.use((connection) => this.#runOn(connection, work), { signal, owner });
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        this.#refuseNextTry(error, work, owner, tries);
        if (error.begun) tries += 1;
      }
    }
  }

  /** Throws what the agent is told, unless the call may be tried again. */
  #refuseNextTry(error: ConnectionLost, work: UpstreamCall, owner: string | undefined, tries: number): void {
    const { name } = this.#settings;
    if (owner !== undefined && this.#lost.tell(owner)) throw stateLost(name, error);
    const harmless = !error.begun || (work.idempotent && !work.hasAsked);
    if (!harmless || (error.begun && tries >= MOST_TRIES)) throw lost(name, work.call.target, error);
  }

  async #runOn(connection: UpstreamConnection, work: UpstreamCall): Promise<JsonObject> {
    try {
      const result = await runOn(connection, work, this.#settings);
      // One of a template is known only from now on.
      if (work.call.method === 'resources/read') this.#followed.add([work.call.target]);
      return result;
    } catch (error) {
      if (error instanceof ConnectionLost && !connection.closed) this.#pool.retire(connection);
      throw error;
    } finally {
      if (connection.mixed) this.#pool.retire(connection);
    }
  }

  /** @param from whose lists are read; any process is as good unless one has said that its own have changed */
  async #readParts(from?: UpstreamConnection): Promise<PluginParts> {
    const read = (connection: UpstreamConnection) =>
      readUpstreamParts(
        connection,
        this.#settings,
        (call, context, name, idempotent) => this.run({ call, context, name, idempotent }),
        (error) =>
          this.#log.error({ error, upstream: this.#settings.name }, 'a tool of an upstream is not served'),
      );
    const parts = await (from && !from.closed ? read(from) : this.#pool.use(read));
    this.#listed = true;
    this.#followed.add((parts.resources ?? []).map(({ uri }) => uri));
    return parts;
  }

  /** Reads the lists again in a while; several changes at once are read once. */
  #refreshLater(after: number, from?: UpstreamConnection): void {
    if (this.#closed) return;
    clearTimeout(this.#refresh);
    this.#refresh = setTimeout(() => void this.#serve(this.#readParts(from)), after);
  }

  async #serve(reading: Promise<PluginParts>): Promise<void> {
    try {
      await this.#host.replace(await reading);
      this.#log.info({ upstream: this.#settings.name }, 'the lists of an upstream were read');
    } catch (error) {
      this.#notListed(error);
    }
  }

  #notListed(error: unknown): void {
    if (this.#closed) return;
    const { name, breakerMs } = this.#settings;
    this.#log.error({ error, upstream: name }, 'the lists of an upstream cannot be served');
    if (!this.#listed) this.#refreshLater(breakerMs);
  }

  #observe(): void {
    const { poolSize, poolWaiting, poolMax } = this.#options.metrics;
    const resource_pool = `upstream:${this.#settings.name}`;
    const { size, running, waiting } = this.#pool;
    poolSize.set({ resource_pool, state: 'borrowed' }, running);
    poolSize.set({ resource_pool, state: 'idle' }, Math.max(0, size - running));
    poolWaiting.set({ resource_pool }, waiting);
    poolMax.set({ resource_pool }, this.#settings.max);
  }
}

function describeStart(cause: unknown, { command, cwd, url, startTimeoutMs }: UpstreamSettings): string {
  const { code, message } = (cause ?? {}) as { code?: unknown; message?: unknown };
  // The system has the same answer for both.
  if (code === 'ENOENT' && cwd !== undefined && !existsSync(cwd)) return `there is no folder "${cwd}"`;
  if (code === 'ENOENT') return `there is no command "${command}"`;
  if (code === 'EACCES') return `the command "${command}" may not be run`;
  if (code === 'REQUEST_TIMEOUT') return `it did not answer the handshake within ${startTimeoutMs} ms`;
  if (url !== undefined) return `${new URL(url).origin} does not serve it: ${message}`;
  return cause instanceof ConnectionLost ? `${cause.message} before it was ready` : String(message ?? cause);
}
