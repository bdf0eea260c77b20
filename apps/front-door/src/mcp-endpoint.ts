import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SessionRecord, StreamCall } from '@millrace/broker';
import type {
  Answer,
  ClassifiedRequest,
  Inbound,
  InboundRequest,
  Methods,
  OneWay,
  Sessions,
} from '@millrace/dispatch';
import { Classifier, checkVersionHeader, failureOf, headerOf, idOf, parseMessage } from '@millrace/dispatch';
import { ANONYMOUS, DEFAULT_SESSION_REVISION, MillraceError, type Principal } from '@millrace/protocol';
import type { Logger } from '@millrace/service';
import { BatchAnswer } from './batch-answer.ts';
import { readBody } from './body.ts';
import { Exchange, type ExchangeOptions } from './exchange.ts';
import { accepts, checkPost, type HostCheck, prefersStream } from './http-checks.ts';
import type { SessionStreams } from './session-streams.ts';
import type { StreamRecorders } from './stream-recorders.ts';

/** Messages in one body at most. */
const MAX_BATCH = 100;

export interface McpEndpointOptions {
  readonly methods: Methods;
  readonly oneWay: OneWay;
  readonly sessions: Sessions;
  readonly streams: SessionStreams;
  readonly recorders: StreamRecorders;
  readonly hosts: HostCheck;
  readonly maxBodyBytes: number;
  readonly keepAliveMs: number;
  readonly logger: Logger;
}

/** The Streamable HTTP endpoint: tells what a request is and who makes it, and hands it to its handler. */
export class McpEndpoint {
  readonly #options: McpEndpointOptions;
  readonly #classifier = new Classifier();

  constructor(options: McpEndpointOptions) {
    this.#options = options;
  }

  /** Answers the request, whatever happens. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      this.#options.hosts.check(request);
      if (request.method === 'POST') await this.#post(request, response);
      else if (request.method === 'GET') await this.#get(request, response);
      else if (request.method === 'DELETE') await this.#delete(request, response);
      else throw methodNotAllowed(request, response, 'GET, POST, DELETE');
    } catch (thrown) {
      this.#fail(thrown, request, new Exchange(response, null, this.#exchangeOptions(request)));
    }
  }

  async #post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    checkPost(request);
    const text = await readBody(request, this.#options.maxBodyBytes);
    const body = parseMessage(text);
    const exchange = (session?: SessionRecord) =>
      new Exchange(response, idOf(body), this.#exchangeOptions(request, session));
    try {
      const inbound = this.#classifier.classify(request.headers, body, text.length);
      if (inbound.kind === 'request') await this.#request(inbound.request, request, exchange);
      else if (inbound.kind === 'batch') await this.#batch(inbound.messages, request, response);
      else await this.#oneWay(inbound, request, response);
    } catch (thrown) {
      this.#fail(thrown, request, exchange());
    }
  }

  async #request(
    classified: ClassifiedRequest,
    request: IncomingMessage,
    exchange: (session?: SessionRecord) => Exchange,
  ): Promise<void> {
    const principal = ANONYMOUS;
    const id = classified.era === 'session' ? headerOf(request.headers, 'mcp-session-id') : undefined;
    if (id === undefined || classified.method === 'initialize') {
      await this.#options.methods.handle({ ...classified, principal }, exchange());
      return;
    }
    const session = await this.#options.sessions.find(id, principal);
    const inbound = inSession(classified, request, session, principal);
    await this.#options.methods.handle(inbound, exchange(session));
  }

  async #oneWay(inbound: Inbound, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = headerOf(request.headers, 'mcp-session-id');
    if (id !== undefined) {
      const session = await this.#options.sessions.find(id, ANONYMOUS);
      await this.#options.oneWay.receive(inbound, session);
    }
    response.writeHead(202).end();
  }

  /** Serves each message of a body as if it had come alone. */
  async #batch(
    messages: readonly unknown[],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (messages.length > MAX_BATCH) {
      throw new MillraceError('invalid_request', `A batch holds ${MAX_BATCH} messages at most`);
    }
    const id = headerOf(request.headers, 'mcp-session-id');
    const session = id === undefined ? undefined : await this.#options.sessions.find(id, ANONYMOUS);
    if (session && session.revision !== DEFAULT_SESSION_REVISION) {
      throw new MillraceError('invalid_request', `Batches are not part of revision ${session.revision}`);
    }
    const inbounds = messages.map((message) => this.#classifier.classify(request.headers, message, 0));
    const requests = inbounds.filter((inbound) => inbound.kind === 'request');
    if (requests.length === 0) response.writeHead(202).end();
    const answer = new BatchAnswer(response, requests.length);
    for (const inbound of inbounds) {
      if (inbound.kind !== 'request') {
        if (session) await this.#options.oneWay.receive(inbound, session);
        continue;
      }
      const part = answer.part(inbound.request.id);
      const one = session
        ? inSession(inbound.request, request, session, ANONYMOUS)
        : { ...inbound.request, principal: ANONYMOUS };
      await this.#handle(one, part, request);
    }
  }

  async #handle(inbound: InboundRequest, answer: Answer, request: IncomingMessage): Promise<void> {
    try {
      if (inbound.method === 'initialize') {
        throw new MillraceError('invalid_request', 'initialize must come alone');
      }
      await this.#options.methods.handle(inbound, answer);
    } catch (thrown) {
      this.#fail(thrown, request, answer);
    }
  }

  async #get(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const session = await this.#sessionOf(request, response);
    if (!accepts(request, 'text/event-stream')) {
      throw new MillraceError('not_acceptable', 'Accept: expected text/event-stream');
    }
    await this.#options.streams.open(session, response, headerOf(request.headers, 'last-event-id'));
  }

  async #delete(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await this.#options.sessions.end(await this.#sessionOf(request, response));
    response.writeHead(204).end();
  }

  /** GET and DELETE exist for sessions only. */
  async #sessionOf(request: IncomingMessage, response: ServerResponse): Promise<SessionRecord> {
    const id = headerOf(request.headers, 'mcp-session-id');
    if (id === undefined) throw methodNotAllowed(request, response, 'POST');
    checkVersionHeader(request.headers);
    return this.#options.sessions.find(id, ANONYMOUS);
  }

  #exchangeOptions(request: IncomingMessage, session?: SessionRecord): ExchangeOptions {
    const { keepAliveMs, recorders } = this.#options;
    const streams = accepts(request, 'text/event-stream');
    return {
      streams,
      keepAliveMs,
      ...(prefersStream(request) && { prefersStream: true }),
      ...(session && { recorder: (call?: StreamCall) => recorders.create(session, call) }),
    };
  }

  #fail(thrown: unknown, request: IncomingMessage, answer: Answer): void {
    const error = failureOf(thrown);
    if (error.kind === 'internal_error') this.#options.logger.error({ err: thrown }, 'a request failed');
    // What is left of a refused body is not worth reading.
    if (!request.complete) request.resume();
    answer.fail(error);
  }
}

/** A request of a session is served by the session's revision, unless it names another itself. */
function inSession(
  classified: ClassifiedRequest,
  request: IncomingMessage,
  session: SessionRecord,
  principal: Principal,
): InboundRequest {
  const named = headerOf(request.headers, 'mcp-protocol-version') !== undefined;
  const revision = named ? classified.revision : session.revision;
  return { ...classified, revision, principal, session };
}

function methodNotAllowed(request: IncomingMessage, response: ServerResponse, allow: string): MillraceError {
  response.setHeader('allow', allow);
  return new MillraceError('method_not_allowed', `${request.method} is not served here: use ${allow}`);
}
