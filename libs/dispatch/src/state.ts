import {
  Affinities,
  AnswerSender,
  AskedRequests,
  ChangeLog,
  type ClusterEvent,
  connectFailFast,
  disconnect,
  EventStreams,
  EventSubscriber,
  type Keys,
  PeerCensus,
  PeerChannel,
  type PeerMessage,
  type RedisSource,
  SessionStore,
  StoredReplies,
  tagOfResource,
  whenReady,
} from '@millrace/broker';
import type { Service } from '@millrace/service';
import { Changes } from './changes.ts';
import { ClientAnswers } from './client-answers.ts';
import { OneWay } from './one-way.ts';
import { SessionSubscriptions } from './session-subscriptions.ts';
import { Sessions } from './sessions.ts';

export interface StateOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly sessionIdleMs: number;
  /** Told when the client of a session cancelled a request, on whichever replica. */
  readonly onCancelled: (session: string, request: string | number) => void;
  /** Id of this front door. */
  readonly frontDoor: string;
  /** Told of each other front door that begins, before it serves anybody. */
  readonly onCompany: () => Promise<void>;
  /** Told which cached results count no more, by their tags. */
  readonly onInvalidated: (tags: readonly string[]) => void;
  /** Told when invalidations may have been missed. */
  readonly onEventsMissed: () => void;
  /** Told when a session begins, and when its client ends it. */
  readonly onSession?: (event: 'opened' | 'ended') => void;
  /** Told whatever front doors tell each other. */
  readonly onPeer: (message: PeerMessage) => void | Promise<void>;
}

/** Everything that outlives a request: sessions, resumable streams, open subscriptions. It lives in Redis. */
export class State implements Service {
  readonly affinities: Affinities;
  readonly asked: AskedRequests;
  readonly changes: Changes;
  readonly eventStreams: EventStreams;
  readonly oneWay: OneWay;
  readonly sessions: Sessions;
  readonly store: SessionStore;
  readonly storedReplies: StoredReplies;
  readonly subscriptions: SessionSubscriptions;
  readonly tellPeers: PeerChannel['send'];
  readonly #redis: ReturnType<typeof connectFailFast>;
  readonly #peers: PeerChannel;
  readonly #census: PeerCensus;
  readonly #events: EventSubscriber;
  readonly #options: StateOptions;

  constructor(options: StateOptions) {
    const { source, keys, sessionIdleMs } = options;
    const { logger } = source;
    const redis = connectFailFast(source, 'state');
    this.#redis = redis;
    this.#options = options;
    this.#peers = new PeerChannel({ source, keys, redis, onMessage: (message) => this.#hear(message) });
    const { frontDoor, onCompany } = options;
    this.#census = new PeerCensus({ channel: this.#peers, frontDoor, onCompany, logger });
    this.#events = new EventSubscriber({
      source,
      keys,
      onEvent: (event) => this.#pass(event),
      onResumed: options.onEventsMissed,
    });
    const tellPeers = this.#peers.send.bind(this.#peers);
    const waitForPeers = this.#peers.tell.bind(this.#peers);
    const store = new SessionStore(redis, keys, sessionIdleMs);
    this.tellPeers = tellPeers;
    this.store = store;
    this.eventStreams = new EventStreams(redis, keys, logger);
    this.storedReplies = new StoredReplies(redis, keys);
    this.affinities = new Affinities(redis, keys);
    this.asked = new AskedRequests(redis, keys);
    this.changes = new Changes(new ChangeLog(redis, keys), logger);
    const { onSession: onEvent } = options;
    this.sessions = new Sessions({ store, idleMs: sessionIdleMs, tellPeers: waitForPeers, onEvent });
    this.subscriptions = new SessionSubscriptions(store, waitForPeers);
    this.oneWay = new OneWay(new ClientAnswers(this.asked, new AnswerSender(redis, keys), logger), tellPeers);
  }

  /** Whether there is no other front door. */
  get alone(): boolean {
    return this.#census.alone;
  }

  /** Whether it hears of every invalidation at this moment. */
  get hearsEvents(): boolean {
    return this.#events.hears;
  }

  async start(): Promise<void> {
    await whenReady(this.#redis);
    await Promise.all([this.#peers.start(), this.#events.start()]);
    await this.#census.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#census.stop(), this.#peers.stop(), this.#events.stop()]);
    disconnect(this.#redis);
  }

  /** What workers tell everybody goes to the clients that follow it. */
  #pass(event: ClusterEvent): void {
    if (event.kind === 'invalidated') this.#options.onInvalidated(event.tags);
    else if (event.kind === 'task') this.changes.publish(event);
    else {
      // First: who is told of the change reads it again.
      this.#options.onInvalidated([tagOfResource(event.uri)]);
      this.changes.publish({ kind: 'resource', uri: event.uri });
    }
  }

  #hear(message: PeerMessage): void | Promise<void> {
    if (message.kind === 'joined') return this.#census.joined(message.frontDoor);
    if (message.kind === 'session') this.sessions.forget(message.session);
    if (message.kind === 'cancel') this.#options.onCancelled(message.session, message.request);
    return this.#options.onPeer(message);
  }
}
