import type { CatalogueView } from '@millrace/broker';
import type { ToolEntry } from '@millrace/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ListName } from './changes.ts';
import { ListWatch } from './list-watch.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const tool = (name: string, description = ''): ToolEntry =>
  ({ pool: 'default', definition: { name, description } }) as unknown as ToolEntry;

/** Made anew each time, as a heartbeat does. */
function view(tools: readonly string[], more: Partial<CatalogueView> = {}): CatalogueView {
  return {
    tools: tools.map((name) => tool(name)),
    prompts: [],
    resources: [],
    resourceTemplates: [],
    slots: new Map(),
    workers: [],
    ...more,
  };
}

function watch(first: CatalogueView = view(['a'])) {
  const told: ListName[] = [];
  return { told, watch: new ListWatch(first, (list) => told.push(list)) };
}

/** Longer than any catalogue must be at rest. */
const rest = () => vi.advanceTimersByTime(1_000);

test('a change is told once, and not again at each heartbeat', () => {
  const { told, watch: lists } = watch();
  for (let beat = 0; beat < 5; beat += 1) {
    lists.follow(view(['a', 'b']));
    rest();
  }
  expect(told).toEqual(['tools']);
});

test('heartbeats, slots and workers that change nothing in a list are not told', () => {
  const { told, watch: lists } = watch();
  for (const slots of [1, 2, 3]) {
    lists.follow(view(['a'], { slots: new Map([['default', slots]]) }));
    rest();
  }
  expect(told).toEqual([]);
});

test('a burst is told once, when it is over', () => {
  const { told, watch: lists } = watch();
  for (let name = 0; name < 10; name += 1) {
    lists.follow(view(['a', `b${name}`]));
    vi.advanceTimersByTime(100);
    expect(told).toEqual([]);
  }
  rest();
  expect(told).toEqual(['tools']);
});

test('a rolling restart that ends where it began is not told', () => {
  const { told, watch: lists } = watch(view(['a', 'b']));
  for (const tools of [['a'], ['a', 'b', 'c'], [], ['a', 'b']]) {
    lists.follow(view(tools));
    vi.advanceTimersByTime(100);
  }
  rest();
  expect(told).toEqual([]);
});

test('each list is told by its own name, templates as resources', () => {
  const { told, watch: lists } = watch();
  const definition = { uriTemplate: 'note://{n}', name: 'notes' };
  const template = { definition } as unknown as CatalogueView['resourceTemplates'][number];
  lists.follow(view(['a'], { resourceTemplates: [template] }));
  rest();
  const prompt = { definition: { name: 'greet' } } as unknown as CatalogueView['prompts'][number];
  lists.follow(view(['a'], { resourceTemplates: [template], prompts: [prompt] }));
  rest();
  expect(told).toEqual(['resources', 'prompts']);
});

test('a definition that changes under the same name is a change', () => {
  const { told, watch: lists } = watch();
  lists.follow(view([], { tools: [tool('a', 'Grinds finer')] }));
  rest();
  expect(told).toEqual(['tools']);
});

test('what is there at the beginning is known, and is not told', () => {
  const { told, watch: lists } = watch(view([]));
  lists.begin(view(['a']));
  lists.follow(view(['a']));
  rest();
  expect(told).toEqual([]);
});

test('nothing is told once it was stopped', () => {
  const { told, watch: lists } = watch();
  lists.follow(view(['a', 'b']));
  lists.stop();
  rest();
  expect(told).toEqual([]);
});
