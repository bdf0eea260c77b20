import type { SessionRecord, SessionStore } from '@millrace/broker';
import type { Principal } from '@millrace/protocol';
import { expect, test, vi } from 'vitest';
import { Sessions } from './sessions.ts';

const ada: Principal = { id: 'ada', tenant: 'acme' };
const eve: Principal = { id: 'eve', tenant: 'acme' };

/** What one front door knows, of sessions that live in a map instead of Redis. */
function setUp() {
  const records = new Map<string, SessionRecord>();
  const store = {
    create: async (session: Omit<SessionRecord, 'id'>) => {
      const record = { id: `s-${records.size}`, ...session };
      records.set(record.id, record);
      return record;
    },
    find: async (id: string) => records.get(id),
    touch: vi.fn(async (id: string) => records.has(id)),
    end: async (id: string) => records.delete(id),
  };
  const tellPeers = vi.fn(async () => undefined);
  const replica = () => new Sessions({ store: store as unknown as SessionStore, idleMs: 10_000, tellPeers });
  return { records, store, tellPeers, here: replica(), there: replica() };
}

const find = async (sessions: Sessions, id: string, principal: Principal) => sessions.find(id, principal);
const NOT_FOUND = expect.objectContaining({ kind: 'session_not_found', status: 404 });

test("a session is its owner's on every replica", async () => {
  const { here, there } = setUp();
  const session = await here.open({ protocolVersion: '2025-06-18' }, ada);
  expect(await find(here, session.id, ada)).toMatchObject({ principal: 'ada', revision: '2025-06-18' });
  expect(await find(there, session.id, ada)).toEqual(session);
});

test('nobody learns whether a session of somebody else exists, or keeps it alive', async () => {
  const { here, there, store } = setUp();
  const { id } = await here.open({}, ada);
  const errors = [];
  for (const sessions of [here, there]) {
    for (const unknown of [id, 's-none']) {
      errors.push(await find(sessions, unknown, eve).catch((error: Error) => error));
    }
  }
  for (const error of errors) expect(error).toEqual(errors[0]);
  expect(errors[0]).toEqual(NOT_FOUND);
  expect(store.touch).not.toHaveBeenCalled();
});

test('a session in use is prolonged now and then, until it has expired in Redis', async () => {
  const { here, store, records } = setUp();
  vi.useFakeTimers();
  try {
    const { id } = await here.open({}, ada);
    await find(here, id, ada);
    expect(store.touch).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_001);
    await find(here, id, ada);
    expect(store.touch).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(1_001);
    records.clear();
    await expect(find(here, id, ada)).rejects.toEqual(NOT_FOUND);
    await expect(find(here, id, ada)).rejects.toEqual(NOT_FOUND);
  } finally {
    vi.useRealTimers();
  }
});

test('a session that was ended is unknown, and the other replicas are told', async () => {
  const { here, there, tellPeers } = setUp();
  const session = await here.open({}, ada);
  await find(there, session.id, ada);
  await there.end(session);
  expect(tellPeers).toHaveBeenCalledExactlyOnceWith({ kind: 'session', session: session.id });
  here.forget(session.id);
  for (const sessions of [here, there]) {
    await expect(find(sessions, session.id, ada)).rejects.toEqual(NOT_FOUND);
  }
});
