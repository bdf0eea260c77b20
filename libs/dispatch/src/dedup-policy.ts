import { Places } from '@millrace/broker';
import { canonicalJson, isJsonObject, META, MillraceError, toMillraceError } from '@millrace/protocol';
import type { Logger, Metrics } from '@millrace/service';
import { timeLimitOf } from './call-deadline.ts';
import type { CallPolicy, Pass, Passage } from './call-policies.ts';
import { logLevelOf } from './calls.ts';
import { comparableKey } from './comparable-call.ts';
import { Flight, type FlightHooks } from './flight.ts';
import { FlightMember, ownName, progressTokenOf } from './flight-member.ts';
import type { FlightTower } from './flight-tower.ts';
import type { InboundRequest, RequestId } from './inbound.ts';
import { requestFields } from './request-fields.ts';
import type { Route } from './router.ts';

export interface DedupPolicyOptions {
  readonly tower: FlightTower;
  readonly callTimeoutMs: number;
  readonly metrics: Pick<Metrics, 'dedupFollowers'>;
  readonly logger: Logger;
}

/** Lets identical calls that are under way at the same time, on whichever front door, be one call. */
export class DedupPolicy implements CallPolicy, FlightHooks {
  readonly #options: DedupPolicyOptions;
  /** Those that can be joined, by what is asked for. */
  readonly #flights = new Places<Flight>();
  /** Calls of sessions, since their clients cancel by request id, on any replica. */
  readonly #ofSessions = new Places<FlightMember>();
  #closed = false;

  constructor(options: DedupPolicyOptions) {
    this.#options = options;
  }

  appliesTo({ dedup }: Route): boolean {
    return dedup !== undefined;
  }

  pass(passage: Passage, next: Pass): void | Promise<void> {
    const key = keyOf(passage);
    if (key === undefined) return next(passage);
    const { callTimeoutMs } = this.#options;
    const deadline = Date.now() + timeLimitOf(passage.route, callTimeoutMs);
    const member = new FlightMember(passage, next, deadline);
    const { own } = member;
    if (own !== undefined) this.#ofSessions.set(own, member);
    passage.answer.onGone(() => this.#leave(member));
    this.#board(member, key);
  }

  /** The client of a session waits no more for one of its requests, if it is one of this front door. */
  cancelRequest(session: string, request: RequestId): void {
    const member = this.#ofSessions.get(ownName(session, request));
    if (member) this.#leave(member);
  }

  /** Lets other front doors find what is under way, now that there are some. */
  async register(): Promise<void> {
    await Promise.all(this.#flights.items().map((flight) => flight.register()));
  }

  /** Nobody begins anew from now on. */
  close(): void {
    this.#closed = true;
  }

  closed(flight: Flight): void {
    this.#flights.delete(flight.key, flight);
  }

  landed(member: FlightMember): void {
    this.#forget(member);
  }

  #board(member: FlightMember, key: string): void {
    const own = new Flight(member, key, this.#options.tower, this);
    const flight = this.#flights.getOrAdd(key, own);
    member.flight = flight;
    if (flight === own) flight.takeOff();
    else flight.join(member);
  }

  follows(member: FlightMember): void {
    const { isTool, target } = member.passage.route;
    // There is no end of URIs.
    if (member.follow())
      this.#options.metrics.dedupFollowers.inc({ tool: isTool ? target : 'resources/read' });
  }

  again(member: FlightMember, { key }: Flight): void {
    if (this.#closed) {
      this.#forget(member);
      member.passage.answer.fail(new MillraceError('shutting_down', 'The front door is shutting down'));
    } else this.#board(member, key);
  }

  async alone(member: FlightMember): Promise<void> {
    this.#forget(member);
    try {
      await member.next(member.passage);
    } catch (thrown) {
      const error = toMillraceError(thrown);
      if (error.kind === 'internal_error') {
        const { request } = member.passage;
        const fields = requestFields(request, request.principal);
        this.#options.logger.error({ err: thrown, ...fields }, 'a request failed');
      }
      member.passage.answer.fail(error);
    }
  }

  #leave(member: FlightMember): void {
    const { flight } = member;
    this.#forget(member);
    flight?.leave(member);
  }

  #forget(member: FlightMember): void {
    member.flight = undefined;
    if (member.own !== undefined) this.#ofSessions.delete(member.own);
  }
}

/** What makes calls identical: what is asked for, among whom, and what the client wants to hear meanwhile. */
function keyOf(passage: Passage): string | undefined {
  const { request, route } = passage;
  const { dedup } = route;
  if (dedup === undefined) return undefined;
  const key = comparableKey(passage, dedup === 'self' ? 'private' : dedup);
  if (key === undefined) return undefined;
  const wanted = `${progressTokenOf(request.params) === undefined ? '' : 'p'} ${logLevelOf(request) ?? ''}`;
  return dedup === 'self' ? `${wanted} ${selfOf(request)} ${key}` : `${wanted} ${key}`;
}

/** What a tool may look at beside its arguments: whose session it is, and what the client can do. */
function selfOf({ session, params: { _meta } }: InboundRequest): string {
  if (session) return session.id;
  const declared = isJsonObject(_meta) ? _meta[META.clientCapabilities] : undefined;
  return isJsonObject(declared) ? canonicalJson(declared) : '';
}
