import { ANONYMOUS } from '@millrace/protocol';
import type { OpenQuestion, TaskPlan } from '../task.ts';

/** A task as a front door would plan it. */
export function aPlan(id: string, overrides: Partial<TaskPlan> = {}): TaskPlan {
  const times = { ttlMs: 60_000, pollIntervalMs: 100 };
  return { id, principal: ANONYMOUS, call: `call-of-${id}`, pool: 'default', ...times, ...overrides };
}

export function aQuestion(text: string): OpenQuestion {
  return { method: 'elicitation/create', params: { message: text }, answerTo: `w-1/c-1/${text}` };
}
