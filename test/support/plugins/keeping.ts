import {
  type CallContext,
  definePlugin,
  defineTool,
  type EventStore,
  type StoredEvent,
} from '@millrace/toolkit';
import { z } from 'zod';

/** What several tools of this plugin share. */
const SHARED = { namespace: 'notes' };

const HANDLE = { handle: z.string().optional() };
const ENTRY = z.object({ ...HANDLE, key: z.string(), ttlMs: z.int().optional() });
const VALUE = { value: z.unknown() };

const notes = ({ store }: CallContext, handle: string | undefined) => store({ ...SHARED, handle });
const said = (result: object) => JSON.stringify({ ...result, worker: process.pid });
const living = (ttlMs: number | undefined) => (ttlMs === undefined ? {} : { ttlMs });

const stateTools = [
  defineTool({
    name: 'keep',
    input: ENTRY.extend(VALUE),
    async handler({ handle, key, value, ttlMs }, context) {
      const kept = notes(context, handle);
      const version = await kept.set(key, value, living(ttlMs));
      return said({ handle: kept.handle, version });
    },
  }),
  defineTool({
    name: 'recall',
    input: ENTRY,
    annotations: { readOnlyHint: true },
    handler: async ({ handle, key }, context) => said({ ...(await notes(context, handle).read(key)) }),
  }),
  defineTool({
    name: 'forget',
    input: ENTRY,
    handler: async ({ handle, key }, context) =>
      said({ forgotten: await notes(context, handle).delete(key) }),
  }),
  defineTool({
    name: 'exchange',
    input: ENTRY.extend({ ...VALUE, expected: z.string().optional() }),
    async handler({ handle, key, value, expected }, context) {
      return said({ version: await notes(context, handle).compareAndSet(key, expected, value) });
    },
  }),
  defineTool({
    name: 'count',
    input: z.object(HANDLE),
    async handler({ handle }, context) {
      const kept = notes(context, handle);
      return said({ handle: kept.handle, count: await kept.update<number>('count', (n = 0) => n + 1) });
    },
  }),
  defineTool({
    name: 'recall_own',
    description: 'Shares nothing with the other tools',
    input: ENTRY,
    handler: async ({ handle, key }, { store }) => said({ ...(await store({ handle }).read(key)) }),
  }),
];

interface Account {
  readonly balance: number;
  readonly changes: number;
}

const ACCOUNT = { id: z.string() };

/** The tools around a store of events. */
function eventTools(accounts: EventStore<Account>) {
  return [
    defineTool({
      name: 'book',
      input: z.object({ ...ACCOUNT, expected: z.int().min(0), amounts: z.array(z.number()) }),
      async handler({ id, expected, amounts }, { principal: { tenant } }) {
        const events = amounts.map((amount) => ({ type: 'booked', data: { amount } }));
        return said({ version: await accounts.append({ tenant, id }, expected, events) });
      },
    }),
    defineTool({
      name: 'booked',
      input: z.object({ ...ACCOUNT, after: z.int().min(0).default(0) }),
      annotations: { readOnlyHint: true },
      async handler({ id, after }, { principal: { tenant } }) {
        const events: StoredEvent[] = [];
        for await (const event of accounts.read({ tenant, id }, after)) events.push(event);
        return said({ events });
      },
    }),
    defineTool({
      name: 'balance',
      input: z.object(ACCOUNT),
      annotations: { readOnlyHint: true },
      handler: async ({ id }, { principal: { tenant } }) => said(await accounts.rebuild({ tenant, id })),
    }),
  ];
}

/** Tools that keep state and events across calls. */
export default definePlugin({
  name: 'keeping',
  version: '1.0.0',
  tools: stateTools,
  setup({ openEvents }) {
    const accounts = openEvents<Account>({
      name: 'account',
      initial: { balance: 0, changes: 0 },
      reduce: ({ balance, changes }, { data }) => ({
        balance: balance + (data as { amount: number }).amount,
        changes: changes + 1,
      }),
      snapshotEvery: 10,
    });
    return { tools: eventTools(accounts) };
  },
});
