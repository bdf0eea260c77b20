import { isJsonObject, isLogLevel, type JsonObject, type LogLevel, MillraceError } from '@millrace/protocol';
import { type PluginLog, toAnswerError } from '@millrace/toolkit';
import {
  type CallToolRequest,
  type CallToolRequestOptions,
  Client,
  type PriorDiscovery,
  ProtocolError,
  type Tool,
} from '@modelcontextprotocol/client';
import { z } from 'zod';
import { ConnectionLost } from './connection-lost.ts';
import type { Link } from './link.ts';
import { toRequestError } from './request-error.ts';
import { ResourceSubscriptions } from './resource-subscriptions.ts';
import type { UpstreamSettings } from './settings.ts';
import { InputEnded } from './stdio-transport.ts';

/** Gets what the server sends on behalf of one call. */
export interface CallListener {
  onProgress(progress: number, total?: number, message?: string): void;
  onLog(level: LogLevel, data: unknown, logger?: string): void;
  /** Gives the agent's answer to a request of the server. */
  onRequest(method: string, params: JsonObject): Promise<JsonObject>;
}

export interface RequestOptions {
  readonly signal?: AbortSignal;
  readonly listener?: CallListener;
  /** Whether the agent wants to hear how far the call is. */
  readonly progress?: boolean;
  /** After which the server counts as gone, in milliseconds; without it only the signal ends the request. */
  readonly timeoutMs?: number;
}

export interface ConnectionOptions {
  readonly settings: UpstreamSettings;
  readonly link: Link;
  /** How the last connection to this upstream spoke; unknown to the first one. */
  readonly prior?: PriorDiscovery | undefined;
  /** Tools whose arguments have to be repeated in headers; what the lists say is kept here for all connections. */
  readonly headed: Map<string, Tool>;
  /** Ends the handshake. */
  readonly signal?: AbortSignal;
  readonly log: PluginLog;
  readonly onListChanged: (connection: UpstreamConnection) => void;
  readonly onResourceUpdated: (uri: string) => void;
}

const CLIENT = { name: 'millrace', version: '0.1.0' };

/** Everything: one process serves agents of all kinds, and what an agent cannot do is refused when it is asked. */
const CAPABILITIES = { elicitation: { form: {}, url: {} }, sampling: { tools: {}, context: {} }, roots: {} };

const LISTS = ['tools', 'prompts', 'resources'] as const;
const ASKED = ['elicitation/create', 'sampling/createMessage', 'roots/list'] as const;

/** Results pass through as they are. */
const ANY = z.unknown();
/** Calls end by their signal: the worker knows their deadlines. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

/** The client's end of one running server, in whichever era that speaks. */
export class UpstreamConnection {
  readonly #options: ConnectionOptions;
  readonly #client: Client;
  readonly #subscriptions: ResourceSubscriptions;
  readonly #calls = new Set<CallListener>();
  #closed = false;
  #mixed = false;

  private constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#client = this.#createClient(options);
    this.#subscriptions = new ResourceSubscriptions({
      client: this.#client,
      timeoutMs: options.settings.startTimeoutMs,
      onRefused: (error) => this.#noteRefused(error),
    });
    void options.link.closed.then(() => {
      this.#closed = true;
    });
  }

  /** Makes the handshake. Rejects, and leaves nothing behind, when the server does not take part in it. */
  static async open(options: ConnectionOptions): Promise<UpstreamConnection> {
    const connection = new UpstreamConnection(options);
    const { link, signal } = options;
    const abort = () => void link.stop();
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await connection.#handshake();
      return connection;
    } catch (error) {
      await link.stop();
      if (!(error instanceof InputEnded)) throw error;
      // It ended so soon that this was noticed first; how it ended says more.
      const how = await link.ended;
      throw new ConnectionLost(`it ended (${how})`, { begun: false, how, cause: error });
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  get closed(): boolean {
    return this.#closed;
  }

  get ended(): Promise<string> {
    return this.#options.link.ended;
  }

  get lastWords(): readonly string[] {
    return this.#options.link.lastWords;
  }

  get pid(): number | undefined {
    return this.#options.link.pid;
  }

  get capabilities(): JsonObject {
    return { ...this.#client.getServerCapabilities() };
  }

  get modern(): boolean {
    return this.#client.getProtocolEra() === 'modern';
  }

  /** Whether it may still work on a call that was cancelled, and what that sends looks like that of the next one. */
  get mixed(): boolean {
    return this.#mixed;
  }

  /** How the next connection can do without asking. */
  get discovery(): PriorDiscovery | undefined {
    const discover = this.#client.getDiscoverResult();
    if (this.modern) return discover && { kind: 'modern', discover };
    return { kind: 'legacy' };
  }

  /**
   * Makes one request. Rejects with the server's error as a `MillraceError`, with a `ConnectionLost`, or with the
   * reason of the signal; the server is told then.
   */
  async request(method: string, params: JsonObject, options: RequestOptions = {}): Promise<JsonObject> {
    const { signal, listener, progress, timeoutMs = NO_TIMEOUT_MS } = options;
    if (this.#closed) throw new ConnectionLost('it has ended', { begun: false });
    if (listener) this.#calls.add(listener);
    try {
      const result = await this.#send(method, params, {
        timeout: timeoutMs,
        allowInputRequired: true,
        ...(signal && { signal }),
        ...(progress &&
          listener && { onprogress: (at) => listener.onProgress(at.progress, at.total, at.message) }),
      });
      return isJsonObject(result) ? result : {};
    } catch (error) {
      throw signal?.aborted
        ? signal.reason
        : toRequestError(error, this.#options.settings.name, this.#closed);
    } finally {
      if (listener) this.#calls.delete(listener);
      // Servers of the new era ask by their results; and where all calls are of one owner, there is nobody to mix up.
      if (signal?.aborted && !this.modern && this.#options.settings.affinity === 'none') this.#mixed = true;
    }
  }

  /** A real request that every server answers. Rejects when it does not come back in time. */
  async check(timeoutMs: number): Promise<void> {
    await this.request(this.modern ? 'server/discover' : 'ping', {}, { timeoutMs });
  }

  /** Asks to be told when one of these resources changes, where the server tells only who asks. */
  follow(uris: ReadonlySet<string>): void {
    this.#subscriptions.follow(uris);
  }

  /** Resolves when nothing is left of the server. */
  async stop(): Promise<void> {
    this.#closed = true;
    await this.#options.link.stop();
    await this.#client.close();
  }

  async #send(method: string, params: JsonObject, options: CallToolRequestOptions): Promise<unknown> {
    const { headed } = this.#options;
    const tool = method === 'tools/call' ? headed.get(String(params['name'])) : undefined;
    // Only then the SDK's own way is worth its price: it knows the headers.
    if (tool && this.modern) {
      return this.#client.callTool(params as CallToolRequest['params'], { ...options, toolDefinition: tool });
    }
    const result = await this.#client.request({ method, params }, ANY, options);
    if (method === 'tools/list' && isJsonObject(result)) noteHeaded(result['tools'], headed);
    return result;
  }

  #createClient({ settings, prior }: ConnectionOptions): Client {
    const mode = { auto: 'auto', modern: { pin: '2026-07-28' }, session: 'legacy' } as const;
    const client = new Client(CLIENT, {
      capabilities: CAPABILITIES,
      versionNegotiation: {
        mode: mode[settings.era],
        // An older server may be silent until it is initialized.
        probe: { timeoutMs: Math.ceil(settings.startTimeoutMs / 4) },
      },
    });
    if (prior) this.#options.log.debug({ upstream: settings.name, era: prior.kind }, 'the era is known');
    for (const list of LISTS) {
      client.setNotificationHandler(`notifications/${list}/list_changed`, () =>
        this.#options.onListChanged(this),
      );
    }
    client.setNotificationHandler('notifications/resources/updated', ({ params }) =>
      this.#options.onResourceUpdated(params.uri),
    );
    client.setNotificationHandler('notifications/message', ({ params }) => this.#passLog(params));
    for (const method of ASKED) {
      client.setRequestHandler(
        method,
        async ({ params }) => (await this.#ask(method, { ...params })) as never,
      );
    }
    client.onerror = (error) => this.#options.log.debug({ error, upstream: settings.name }, 'an upstream');
    return client;
  }

  async #handshake(): Promise<void> {
    const { link, prior, settings } = this.#options;
    const timeout = settings.startTimeoutMs;
    const connected = this.#client.connect(link.transport, { timeout, ...(prior && { prior }) });
    const gone = link.ended.then((how) => {
      throw new ConnectionLost(`it ended (${how})`, { begun: false, how });
    });
    gone.catch(() => undefined);
    await Promise.race([connected, gone]);
    // With an era that was known before, nothing has been heard of the server itself yet.
    if (prior?.kind === 'modern') await this.check(timeout);
    this.#follow();
  }

  /** Asks to be told of what changes, and of all that is logged: each call picks what its agent wants. */
  #follow(): void {
    const { tools, prompts, resources, logging } = this.#client.getServerCapabilities() ?? {};
    const refused = (error: unknown) => this.#noteRefused(error);
    if (!this.modern) {
      if (logging) this.#client.setLoggingLevel('debug').catch(refused);
      return;
    }
    const filter = {
      ...(tools?.listChanged && { toolsListChanged: true as const }),
      ...(prompts?.listChanged && { promptsListChanged: true as const }),
      ...(resources?.listChanged && { resourcesListChanged: true as const }),
    };
    if (Object.keys(filter).length > 0) this.#client.listen(filter).catch(refused);
  }

  #noteRefused(error: unknown): void {
    this.#options.log.debug({ error, upstream: this.#options.settings.name }, 'an upstream does not tell');
  }

  /** The one call that runs; with several, or after one that was cancelled, nobody can tell whose it is. */
  get #onlyCall(): CallListener | undefined {
    if (this.#mixed || this.#calls.size !== 1) return undefined;
    const [only] = this.#calls;
    return only;
  }

  #passLog({ level, data, logger }: { level: unknown; data?: unknown; logger?: string | undefined }): void {
    const call = this.#onlyCall;
    if (!isLogLevel(level)) return;
    if (call) call.onLog(level, data, logger);
    else this.#options.log.debug({ upstream: this.#options.settings.name, data }, 'an upstream logged');
  }

  async #ask(method: string, params: JsonObject): Promise<JsonObject> {
    // Many servers ask when they start, for nobody in particular.
    if (method === 'roots/list' && this.#calls.size === 0) return { roots: [] };
    try {
      const call = this.#onlyCall;
      if (!call)
        throw new MillraceError('method_not_found', 'It is not known for which call a client is to be asked');
      return await call.onRequest(method, params);
    } catch (error) {
      const { code, message, data } = toAnswerError(error);
      throw new ProtocolError(code, message, data);
    }
  }
}

/** Without their output schema: results pass through unchecked, as those of other tools do. */
function noteHeaded(tools: unknown, headed: Map<string, Tool>): void {
  if (!Array.isArray(tools)) return;
  for (const { outputSchema: _, ...tool } of tools as Tool[]) {
    if (JSON.stringify(tool.inputSchema).includes('x-mcp-header')) headed.set(tool.name, tool);
    else headed.delete(tool.name);
  }
}
