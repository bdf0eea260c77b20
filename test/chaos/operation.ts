import type { Random } from './random.ts';

/** Something that a producer wants to have done, once. */
export interface Operation {
  /** The same for each attempt; the tool writes it down. */
  readonly id: string;
  readonly tool: 'look' | 'book' | 'work' | 'work_once' | 'poison';
  /** How long the tool takes, in milliseconds; 0 for at once. */
  readonly ms: number;
  readonly idempotent: boolean;
  readonly task: boolean;
}

type Kind = Pick<Operation, 'tool'> & { readonly slow: boolean };

const CALLS: readonly (readonly [Kind, number])[] = [
  [{ tool: 'look', slow: false }, 40],
  [{ tool: 'book', slow: false }, 25],
  [{ tool: 'look', slow: true }, 16],
  [{ tool: 'book', slow: true }, 12],
];

const TASKS: readonly (readonly [Kind, number])[] = [
  [{ tool: 'work', slow: true }, 5],
  [{ tool: 'work_once', slow: true }, 4],
];

/** Between these, in milliseconds, are the run times of slow tools. */
const SLOW_MS = [100, 1_500] as const;

export function nextOperation(id: string, random: Random, tasks: boolean): Operation {
  const { tool, slow } = random.pick(tasks ? [...CALLS, ...TASKS] : CALLS);
  return {
    id,
    tool,
    ms: slow ? Math.round(random.between(...SLOW_MS)) : 0,
    idempotent: tool === 'look' || tool === 'work',
    task: tool === 'work' || tool === 'work_once',
  };
}

export function poison(id: string): Operation {
  return { id, tool: 'poison', ms: 0, idempotent: true, task: false };
}
