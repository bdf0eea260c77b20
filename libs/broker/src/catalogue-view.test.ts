import { EMPTY_OFFER, type Offer } from '@millrace/protocol';
import { expect, test } from 'vitest';
import { mergeCatalogue } from './catalogue-view.ts';
import type { WorkerRecord } from './worker-record.ts';

function worker(id: string, offer: string, overrides: Partial<WorkerRecord> = {}): WorkerRecord {
  return { id, pools: ['default'], slots: 4, offer, startedAt: 0, host: 'h', pid: 1, ...overrides };
}

/** An offer of tools, each given as `name` or `name=description`. */
function offer(pool: string, ...tools: string[]): Offer {
  return {
    ...EMPTY_OFFER,
    tools: tools.map((tool) => {
      const [name = '', description = ''] = tool.split('=');
      return { pool, idempotent: true, definition: { name, description } };
    }),
  };
}

const names = (workers: WorkerRecord[], offers: Record<string, Offer>) =>
  mergeCatalogue(workers, new Map(Object.entries(offers))).tools.map(({ definition }) => definition.name);

test('tools of all workers, sorted by name', () => {
  const workers = [worker('a', 'x'), worker('b', 'y')];
  expect(names(workers, { x: offer('default', 'c', 'a'), y: offer('default', 'b') })).toEqual([
    'a',
    'b',
    'c',
  ]);
});

test('of two definitions of one name, that of the worker that started last counts', () => {
  const workers = [worker('new', 'x', { startedAt: 2 }), worker('old', 'y', { startedAt: 1 })];
  const offers = new Map([
    ['x', offer('default', 'tool=new')],
    ['y', offer('default', 'tool=old')],
  ]);
  expect(mergeCatalogue(workers, offers).tools.map(({ definition }) => definition['description'])).toEqual([
    'new',
  ]);
});

test('a tool that no worker of its pool serves any more disappears', () => {
  const offers = { before: offer('default', 'kept', 'removed'), now: offer('default', 'kept') };
  expect(names([worker('a', 'now')], offers)).toEqual(['kept']);
});

test('a pool without workers keeps what it served last', () => {
  const offers = { first: offer('slow', 'x=1'), last: offer('slow', 'x=2'), live: offer('default', 'a') };
  expect(names([worker('a', 'live')], offers)).toEqual(['a', 'x']);
  const view = mergeCatalogue([worker('a', 'live')], new Map(Object.entries(offers)));
  expect(view.tools[1]?.definition['description']).toBe('2');
  expect(view.slots.has('slow')).toBe(false);
});

test('slots of a pool are those of all its workers', () => {
  const workers = [worker('a', 'x'), worker('b', 'x', { pools: ['default', 'slow'], slots: 8 })];
  expect(mergeCatalogue(workers, new Map([['x', EMPTY_OFFER]])).slots).toEqual(
    new Map([
      ['default', 12],
      ['slow', 8],
    ]),
  );
});

test('a worker whose offer is not known yet counts, but brings nothing', () => {
  const view = mergeCatalogue([worker('a', 'unknown')], new Map());
  expect(view.tools).toEqual([]);
  expect(view.slots.get('default')).toBe(4);
});

test('a worker only brings what belongs to its pools', () => {
  expect(names([worker('a', 'x')], { x: offer('elsewhere', 'tool') })).toEqual(['tool']);
  const both = [worker('a', 'x'), worker('b', 'y', { pools: ['elsewhere'] })];
  expect(names(both, { x: offer('elsewhere', 'tool'), y: EMPTY_OFFER })).toEqual([]);
});

test('resources, templates and prompts are merged by their own names', () => {
  const one: Offer = {
    tools: [],
    resources: [{ pool: 'default', definition: { uri: 'docs://b', name: 'b' } }],
    resourceTemplates: [{ pool: 'default', definition: { uriTemplate: 'user://{id}', name: 'user' } }],
    prompts: [{ pool: 'default', definition: { name: 'ask' } }],
  };
  const view = mergeCatalogue([worker('a', 'x'), worker('b', 'x')], new Map([['x', one]]));
  expect([view.resources, view.resourceTemplates, view.prompts]).toEqual([
    one.resources,
    one.resourceTemplates,
    one.prompts,
  ]);
});

test('what canaries serve stands beside what the others serve, with the weight of the newest', () => {
  const canary = (id: string, startedAt: number, weight: number) =>
    worker(id, 'new', { startedAt, pools: ['default-canary'], weight });
  const workers = [canary('c', 5, 10), canary('d', 6, 20), worker('old', 'old', { startedAt: 1 })];
  const offers = new Map([
    ['old', offer('default', 'tool=old')],
    ['new', offer('default-canary', 'tool=new', 'only-new=new')],
  ]);
  const view = mergeCatalogue(workers, offers);
  expect(
    view.tools.map(({ definition, pool }) => [definition.name, definition['description'], pool]),
  ).toEqual([
    ['only-new', 'new', 'default-canary'],
    ['tool', 'old', 'default'],
  ]);
  expect(view.canary?.weights).toEqual(new Map([['default-canary', 20]]));
  expect(view.canary?.offer.tools.map(({ definition }) => definition.name)).toEqual(['only-new', 'tool']);
  expect(mergeCatalogue([worker('old', 'old')], offers).canary).toBeUndefined();
});
