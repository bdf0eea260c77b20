import type { SessionRecord } from '@millrace/broker';
import { ANONYMOUS, type Caller, MillraceError, type Principal, type Revision } from '@millrace/protocol';
import type { Logger } from '@millrace/service';
import { type Change, type Changes, notificationOf, type Subscriber } from './changes.ts';
import type { Classifier } from './classify.ts';
import type { ClassifiedRequest, Inbound, InboundRequest, RequestId } from './inbound.ts';
import { failureOf, idOf, parseMessage } from './message.ts';
import { MessageAnswer } from './message-answer.ts';
import { headersOf } from './message-headers.ts';
import type { MessageLimits } from './message-limits.ts';
import type { Methods } from './methods.ts';
import type { OneWay } from './one-way.ts';
import { requestFields } from './request-fields.ts';
import type { Sessions } from './sessions.ts';

export interface MessageRequestsContext {
  readonly classifier: Pick<Classifier, 'classify'>;
  readonly methods: Pick<Methods, 'handle'>;
  readonly oneWay: Pick<OneWay, 'receive'>;
  readonly sessions: Pick<Sessions, 'find' | 'end'>;
  readonly changes: Pick<Changes, 'add' | 'remove'>;
  /** How large messages may be; see `MESSAGE_SETTINGS` for what they may unless given. */
  readonly limits?: MessageLimits;
  readonly logger: Logger;
}

/** Tells who sends a message, at once when nothing has changed. Throws, or rejects, when they may not any more. */
export type Identify = () => Caller | Promise<Caller>;

interface Outlet {
  send(message: string): void;
  /** Told whenever a request is done with. */
  onAnswered(): void;
}

/**
 * The requests of one connection. They run in parallel and are answered in any order. `initialize` opens a session
 * that lives as long as the connection; requests of 2026-07-28 need none.
 */
export class MessageRequests implements Subscriber {
  readonly #context: MessageRequestsContext;
  readonly #outlet: Outlet;
  readonly #identify: Identify | undefined;
  readonly #answers = new Map<RequestId, MessageAnswer>();
  /** Resources of whose changes the client of a session wants to hear. */
  readonly #uris = new Set<string>();
  readonly #source: string | undefined;
  #session: string | undefined;
  #revision: Revision | undefined;
  #refusing = false;
  #closed = false;
  /** Of the last message. */
  #principal: Principal = ANONYMOUS;

  /**
   * @param identify asked for each message; absent where nobody is authenticated
   * @param source address that the connection came from, where that is put on record
   */
  constructor(context: MessageRequestsContext, outlet: Outlet, identify?: Identify, source?: string) {
    this.#source = source;
    this.#context = context;
    this.#outlet = outlet;
    this.#identify = identify;
  }

  /** Whether requests wait for their answers. */
  get running(): boolean {
    return this.#answers.size > 0;
  }

  /** Whether more would be lost with the connection than the connection. */
  get inUse(): boolean {
    return this.running || this.#session !== undefined;
  }

  /** Takes one message. Answers what wants an answer, whatever happens. */
  async receive(text: string): Promise<void> {
    let body: unknown;
    try {
      body = parseMessage(text, this.#context.limits);
      const identified = this.#identify?.();
      const caller = identified instanceof Promise ? await identified : identified;
      if (caller) this.#principal = caller.principal;
      const inbound = this.#context.classifier.classify(headersOf(body, this.#revision), body, text.length);
      if (inbound.kind === 'request') await this.#request(inbound.request, caller);
      else await this.#oneWay(inbound);
    } catch (thrown) {
      const { send } = this.#outlet;
      this.#fail(thrown, new MessageAnswer({ id: idOf(body), send, onEnd: () => undefined }), body);
    }
  }

  /** Refuses what comes from now on: another front door will serve it. */
  refuse(): void {
    this.#refusing = true;
  }

  /** The session lives as long as the connection does, used or not. */
  keepSession(): void {
    const session = this.#session;
    if (session !== undefined) void this.#quietly(async () => this.#found(session));
  }

  /** The connection is gone, and all that was bound to it goes with it. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#context.changes.remove(this);
    for (const answer of this.#answers.values()) answer.abandon();
    this.#answers.clear();
    if (this.#session !== undefined) await this.#end(this.#session);
  }

  changed(change: Change): void {
    if (change.kind === 'task' || (change.kind === 'resource' && !this.#uris.has(change.uri))) return;
    this.#outlet.send(JSON.stringify({ jsonrpc: '2.0', ...notificationOf(change) }));
  }

  async #request(classified: ClassifiedRequest, caller: Caller | undefined): Promise<void> {
    const { id } = classified;
    if (this.#refusing) throw new MillraceError('shutting_down', 'The front door is shutting down');
    if (this.#answers.has(id)) {
      throw new MillraceError('invalid_request', `The id ${JSON.stringify(id)} is in use by another request`);
    }
    const { send } = this.#outlet;
    const onEnd = (isResult: boolean, session?: string) => {
      this.#answers.delete(id);
      if (isResult) this.#succeeded(classified, session);
      this.#outlet.onAnswered();
    };
    const answer = new MessageAnswer({ id, send, onEnd });
    this.#answers.set(id, answer);
    try {
      await this.#context.methods.handle(await this.#inbound(classified, caller), answer);
    } catch (thrown) {
      this.#fail(thrown, answer, classified);
    }
  }

  async #inbound(classified: ClassifiedRequest, caller: Caller | undefined): Promise<InboundRequest> {
    // They were made up for the classifier; there are none that arguments could be repeated in.
    const { headers: _, ...rest } = classified;
    const source = this.#source;
    const request = {
      ...rest,
      principal: this.#principal,
      ...(caller && { caller }),
      ...(source !== undefined && { source }),
    };
    const stateless = classified.era === 'modern' || classified.method === 'initialize';
    if (stateless || this.#session === undefined) return request;
    return { ...request, session: await this.#found(this.#session) };
  }

  async #oneWay(inbound: Inbound): Promise<void> {
    if (inbound.kind === 'batch')
      throw new MillraceError('invalid_request', 'Send one message in each frame');
    if (inbound.kind === 'notification') return this.#notified(inbound.method, inbound.params['requestId']);
    if (this.#session !== undefined) {
      await this.#context.oneWay.receive(inbound, await this.#found(this.#session));
    }
  }

  /** Cancelling by id reaches the requests of this connection only. */
  #notified(method: string, requestId: unknown): void {
    if (method !== 'notifications/cancelled') return;
    const answer = this.#answers.get(requestId as RequestId);
    if (!answer) return;
    this.#answers.delete(requestId as RequestId);
    answer.abandon();
    this.#outlet.onAnswered();
  }

  #succeeded({ method, params: { uri } }: ClassifiedRequest, session: string | undefined): void {
    if (session !== undefined) void this.#opened(session);
    if (method === 'resources/subscribe') this.#uris.add(String(uri));
    if (method === 'resources/unsubscribe') this.#uris.delete(String(uri));
  }

  /** Binds the new session to the connection; one from before ends. */
  async #opened(session: string): Promise<void> {
    const before = this.#session;
    this.#session = session;
    this.#uris.clear();
    if (before !== undefined) void this.#end(before);
    if (this.#closed) void this.#end(session);
    else this.#context.changes.add(this);
    await this.#quietly(async () => {
      this.#revision = (await this.#found(session)).revision;
    });
  }

  #end(session: string): Promise<void> {
    return this.#quietly(async () => this.#context.sessions.end(await this.#found(session)));
  }

  #found(session: string): SessionRecord | Promise<SessionRecord> {
    return this.#context.sessions.find(session, this.#principal);
  }

  /** For what no request waits for. */
  async #quietly(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#context.logger.debug({ err: error, session: this.#session }, 'the session of a WebSocket');
    }
  }

  #fail(thrown: unknown, answer: MessageAnswer, message: unknown): void {
    const error = failureOf(thrown);
    if (error.kind === 'internal_error') {
      const fields = requestFields(message, this.#principal);
      this.#context.logger.error({ err: thrown, ...fields }, 'a request failed');
    }
    answer.fail(error);
  }
}
