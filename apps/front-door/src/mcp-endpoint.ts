import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SessionRecord, StreamCall } from '@millrace/broker';
import type {
  Answer,
  ClassifiedRequest,
  Inbound,
  InboundRequest,
  MessageLimits,
  Methods,
  OneWay,
  Sessions,
  StreamQuota,
} from '@millrace/dispatch';
import {
  Classifier,
  checkVersionHeader,
  failureOf,
  headerOf,
  idOf,
  parseMessage,
  requestFields,
} from '@millrace/dispatch';
import { ANONYMOUS, DEFAULT_SESSION_REVISION, MillraceError } from '@millrace/protocol';
import type { Logger } from '@millrace/service';
import { BatchAnswer } from './batch-answer.ts';
import { readBody } from './body.ts';
import type { Cors } from './cors.ts';
import type { Entrance } from './entrance.ts';
import { Exchange, type ExchangeOptions } from './exchange.ts';
import { accepts, checkPost, type HostCheck, prefersStream } from './http-checks.ts';
import { type Identity, identityOf, inSession, NOBODY } from './identity.ts';
import type { RequestAudit } from './request-audit.ts';
import type { SessionStreams } from './session-streams.ts';
import type { StreamRecorders } from './stream-recorders.ts';

export interface McpEndpointOptions {
  readonly methods: Methods;
  readonly oneWay: OneWay;
  readonly sessions: Sessions;
  readonly streams: SessionStreams;
  readonly recorders: StreamRecorders;
  readonly hosts: HostCheck;
  /** Absent where nobody is authenticated. */
  readonly entrance?: Pick<Entrance, 'identify' | 'challenge'> | undefined;
  readonly maxBodyBytes: number;
  readonly limits: MessageLimits;
  /** Messages in one body. */
  readonly maxBatchMessages: number;
  readonly quota: StreamQuota;
  /** Absent where nothing is put on record. */
  readonly audit?: Pick<RequestAudit, 'refused'> | undefined;
  readonly cors: Cors;
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
  serve(request: IncomingMessage, response: ServerResponse): void {
    try {
      this.#options.hosts.check(request);
      if (this.#options.cors.serve(request, response)) return;
      const identity = this.#options.entrance ? this.#identify(this.#options.entrance, request) : NOBODY;
      const served =
        identity instanceof Promise
          ? identity.then((known) => this.#serve(request, response, this.#from(request, known)))
          : this.#serve(request, response, this.#from(request, identity));
      served?.catch((thrown: unknown) => this.#refuse(thrown, request, response));
    } catch (thrown) {
      this.#refuse(thrown, request, response);
    }
  }

  #from({ socket: { remoteAddress } }: IncomingMessage, identity: Identity): Identity {
    if (!this.#options.audit || remoteAddress === undefined) return identity;
    return { ...identity, source: remoteAddress };
  }

  #identify(
    entrance: Pick<Entrance, 'identify'>,
    { headers }: IncomingMessage,
  ): Identity | Promise<Identity> {
    const caller = entrance.identify(headers);
    return caller instanceof Promise ? caller.then(identityOf) : identityOf(caller);
  }

  /** Without a promise where none is needed: most requests are calls that wait for nothing here. */
  #serve(request: IncomingMessage, response: ServerResponse, identity: Identity): Promise<void> | undefined {
    switch (request.method) {
      case 'POST':
        checkPost(request);
        readBody(request, this.#options.maxBodyBytes, {
          onBody: (text) => this.#receive(text, request, response, identity),
          onRefused: (error) => this.#refuse(error, request, response),
        });
        return undefined;
      case 'GET':
        return this.#get(request, response, identity);
      case 'DELETE':
        return this.#delete(request, response, identity);
      default:
        throw methodNotAllowed(request, response, 'GET, POST, DELETE');
    }
  }

  #receive(text: string, request: IncomingMessage, response: ServerResponse, identity: Identity): void {
    let body: unknown;
    try {
      body = parseMessage(text, this.#options.limits);
      const served = this.#post(body, text.length, request, response, identity);
      served?.catch((thrown: unknown) => this.#refuse(thrown, request, response, body, identity));
    } catch (thrown) {
      this.#refuse(thrown, request, response, body, identity);
    }
  }

  #post(
    body: unknown,
    bytes: number,
    request: IncomingMessage,
    response: ServerResponse,
    identity: Identity,
  ): void | Promise<void> {
    const inbound = this.#classifier.classify(request.headers, body, bytes);
    if (inbound.kind === 'request') return this.#request(inbound.request, request, response, identity);
    if (inbound.kind === 'batch') return this.#batch(inbound.messages, request, response, identity);
    return this.#oneWay(inbound, request, response, identity);
  }

  #request(
    classified: ClassifiedRequest,
    request: IncomingMessage,
    response: ServerResponse,
    identity: Identity,
  ): void | Promise<void> {
    const session = classified.era === 'session' ? headerOf(request.headers, 'mcp-session-id') : undefined;
    if (session !== undefined && classified.method !== 'initialize') {
      return this.#inSession(session, classified, request, response, identity);
    }
    const options = this.#exchangeOptions(request, undefined, identity);
    const exchange = new Exchange(response, classified.id, options);
    return this.#options.methods.handle({ ...classified, ...identity }, exchange);
  }

  async #inSession(
    id: string,
    classified: ClassifiedRequest,
    request: IncomingMessage,
    response: ServerResponse,
    identity: Identity,
  ): Promise<void> {
    const session = await this.#options.sessions.find(id, identity.principal);
    const inbound = inSession(classified, request, session, identity);
    const exchange = new Exchange(response, classified.id, this.#exchangeOptions(request, session, identity));
    await this.#options.methods.handle(inbound, exchange);
  }

  async #oneWay(
    inbound: Inbound,
    request: IncomingMessage,
    response: ServerResponse,
    { principal }: Identity,
  ): Promise<void> {
    const id = headerOf(request.headers, 'mcp-session-id');
    if (id !== undefined) {
      const session = await this.#options.sessions.find(id, principal);
      await this.#options.oneWay.receive(inbound, session);
    }
    response.writeHead(202).end();
  }

  /** Serves each message of a body as if it had come alone. */
  async #batch(
    messages: readonly unknown[],
    request: IncomingMessage,
    response: ServerResponse,
    identity: Identity,
  ): Promise<void> {
    const { maxBatchMessages } = this.#options;
    if (messages.length > maxBatchMessages) {
      throw new MillraceError(
        'invalid_request',
        `A batch holds ${maxBatchMessages} messages at most (maxBatchMessages)`,
      );
    }
    const id = headerOf(request.headers, 'mcp-session-id');
    const session = id === undefined ? undefined : await this.#options.sessions.find(id, identity.principal);
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
        ? inSession(inbound.request, request, session, identity)
        : { ...inbound.request, ...identity };
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
      this.#fail(thrown, request, answer, () => requestFields(inbound, inbound.principal));
    }
  }

  async #get(request: IncomingMessage, response: ServerResponse, identity: Identity): Promise<void> {
    const session = await this.#sessionOf(request, response, identity);
    if (!accepts(request, 'text/event-stream')) {
      throw new MillraceError('not_acceptable', 'Accept: expected text/event-stream');
    }
    const lastEventId = headerOf(request.headers, 'last-event-id');
    response.on('close', this.#options.quota.open(identity.caller));
    await this.#options.streams.open(session, response, lastEventId, identity.caller?.valid);
  }

  async #delete(request: IncomingMessage, response: ServerResponse, identity: Identity): Promise<void> {
    await this.#options.sessions.end(await this.#sessionOf(request, response, identity));
    response.writeHead(204).end();
  }

  /** GET and DELETE exist for sessions only. */
  async #sessionOf(
    request: IncomingMessage,
    response: ServerResponse,
    { principal }: Identity,
  ): Promise<SessionRecord> {
    const id = headerOf(request.headers, 'mcp-session-id');
    if (id === undefined) throw methodNotAllowed(request, response, 'POST');
    checkVersionHeader(request.headers);
    return this.#options.sessions.find(id, principal);
  }

  #exchangeOptions(
    request: IncomingMessage,
    session?: SessionRecord,
    { caller }: Identity = NOBODY,
  ): ExchangeOptions {
    const { keepAliveMs, recorders, entrance } = this.#options;
    const streams = accepts(request, 'text/event-stream');
    return {
      streams,
      keepAliveMs,
      ...(entrance && { challenge: entrance.challenge }),
      ...(caller && { valid: caller.valid }),
      ...(prefersStream(request) && { prefersStream: true }),
      ...(session && { recorder: (call?: StreamCall) => recorders.create(session, call) }),
    };
  }

  /** @param body as far as it could be read: the answer bears its id */
  #refuse(
    thrown: unknown,
    request: IncomingMessage,
    response: ServerResponse,
    body?: unknown,
    { principal }: Identity = NOBODY,
  ): void {
    const answer = new Exchange(response, idOf(body), this.#exchangeOptions(request));
    const { audit } = this.#options;
    if (audit && principal === ANONYMOUS) audit.refused(failureOf(thrown), request.socket.remoteAddress);
    this.#fail(thrown, request, answer, () => requestFields(body, principal));
  }

  #fail(thrown: unknown, request: IncomingMessage, answer: Answer, fields: () => object): void {
    const error = failureOf(thrown);
    if (error.kind === 'internal_error')
      this.#options.logger.error({ err: thrown, ...fields() }, 'a request failed');
    // What is left of a refused body is not worth reading.
    if (!request.complete) request.resume();
    answer.fail(error);
  }
}

function methodNotAllowed(request: IncomingMessage, response: ServerResponse, allow: string): MillraceError {
  response.setHeader('allow', allow);
  return new MillraceError('method_not_allowed', `${request.method} is not served here: use ${allow}`);
}
