import { type FlightAddress, FrameListeners, type NamedFlight } from '@millrace/broker';
import { ENVELOPE_VERSION, type Frame, MillraceError } from '@millrace/protocol';
import { createLogger, createMetrics } from '@millrace/service';
import { vi } from 'vitest';
import type { Answer } from '../answer.ts';
import type { Pass, Passage } from '../call-policies.ts';
import { DedupPolicy } from '../dedup-policy.ts';
import { FlightTower } from '../flight-tower.ts';
import type { InboundRequest } from '../inbound.ts';
import type { Route } from '../router.ts';
import { aRequest, RecordingAnswer } from './requests.ts';

/** Another front door. */
export const OTHER: FlightAddress = {
  id: 'f-b.flight-1',
  to: { frontDoor: 'f-b', version: ENVELOPE_VERSION },
};

/** The front door `f-a`, whose calls the test makes and answers, and what it tells others. */
export function setUpFlights(overrides: Partial<Route> = {}, alone = true) {
  const logger = createLogger({ name: 'test', level: 'silent' });
  const listeners = new FrameListeners();
  const sent: string[] = [];
  const send = (_: object, { call, kind, payload }: Frame) => void sent.push(`${call} ${kind} ${payload}`);
  const begin = vi.fn(async (_: NamedFlight): Promise<FlightAddress | undefined> => undefined);
  const end = vi.fn(async (_: NamedFlight): Promise<FlightAddress[]> => []);
  const flights = { begin, end, renew: async () => undefined, leaders: async () => [] };
  const tower = new FlightTower({
    flights: flights as unknown as ConstructorParameters<typeof FlightTower>[0]['flights'],
    replies: { send, flush: async () => undefined },
    listeners,
    frontDoor: 'f-a',
    alone: () => alone,
    logger,
  });
  const policy = new DedupPolicy({ tower, callTimeoutMs: 10_000, metrics: createMetrics(), logger });
  const route: Route = {
    pool: 'default',
    target: 't',
    idempotent: true,
    isTool: true,
    dedup: 'self',
    ...overrides,
  };
  /** Calls that went on, with the answers that they were given. */
  const made: Passage[] = [];
  const next: Pass = (passage) => void made.push(passage);
  const call = (params: object = {}, request: Partial<InboundRequest> = {}, further: Pass = next) => {
    const answer = new RecordingAnswer();
    const asked = aRequest('tools/call', { name: 't', arguments: { id: 1 }, ...params }, request);
    void policy.pass({ request: asked, route, answer }, further);
    return answer;
  };
  const madeAs = (at = 0): Answer => (made[at] as Passage).answer;
  /** The other front door tells the first flight of this one something. */
  const hear = (kind: Frame['kind'], payload: string) =>
    listeners.receive({ call: 'f-a.flight-1', kind, payload, runMs: 0 } as Frame);
  return { policy, call, made, madeAs, begin, end, sent, hear };
}

/** JSON text of an error as a worker writes it. */
export function failure(kind: ConstructorParameters<typeof MillraceError>[0]): string {
  return JSON.stringify(new MillraceError(kind, 'x').toJsonRpc('c'));
}
