import type { JsonObject, Principal } from '@millrace/protocol';

export type TaskStatus = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';

/** A request that a task puts to its client, such as an elicitation. */
export interface TaskQuestion {
  readonly method: string;
  readonly params: JsonObject;
}

/** A question that nobody has answered yet. */
export interface OpenQuestion extends TaskQuestion {
  /** Id under which the worker that asked waits for the answer. */
  readonly answerTo: string;
}

/** What a front door decides of a task before it begins. */
export interface TaskPlan {
  readonly id: string;
  /** Who made the call: for everybody else there is no such task. */
  readonly principal: Principal;
  /** The call that does the work. */
  readonly call: string;
  /** The pool whose workers do it. */
  readonly pool: string;
  /** How long the task may take, and then how long its outcome is kept, in milliseconds. */
  readonly ttlMs: number;
  /** How often the client should ask for it, in milliseconds. */
  readonly pollIntervalMs: number;
}

/** A task as it stands at one moment. Never changed: each change makes a new one. */
export interface Task extends TaskPlan {
  readonly status: TaskStatus;
  readonly statusMessage?: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** How long it is there at least, in milliseconds from its creation: grows when the task ends. */
  readonly lifetimeMs: number;
  /** By key; none once the task has ended. */
  readonly questions: Readonly<Record<string, OpenQuestion>>;
  /** Answers so far, by the key of their question: a second run gets the same ones. */
  readonly answers: Readonly<Record<string, JsonObject>>;
}

/** How a call ended: JSON text of the `result` or the `error` of its JSON-RPC response. */
export interface TaskOutcome {
  readonly kind: 'result' | 'error';
  readonly payload: string;
}

/** An answer on its way to the worker that waits for it. */
export interface TaskAnswer {
  readonly answerTo: string;
  readonly answer: JsonObject;
}

/** Ended tasks never change again. */
export function hasEnded({ status }: Pick<Task, 'status'>): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}

export function beginTask(plan: TaskPlan, now: number): Task {
  return {
    ...plan,
    status: 'working',
    createdAt: now,
    updatedAt: now,
    lifetimeMs: plan.ttlMs,
    questions: {},
    answers: {},
  };
}

/** Puts a question; one that was answered before is not put again. */
export function askQuestion(task: Task, key: string, question: OpenQuestion, now: number): Task {
  if (hasEnded(task) || Object.hasOwn(task.answers, key)) return task;
  const questions = { ...task.questions, [key]: question };
  return { ...task, status: 'input_required', questions, updatedAt: now };
}

/** Takes the answers to open questions; others, and what is no answer, are ignored. */
export function answerQuestions(task: Task, responses: JsonObject, now: number): [Task, TaskAnswer[]] {
  const questions = { ...task.questions };
  const answers = { ...task.answers };
  const taken: TaskAnswer[] = [];
  for (const [key, answer] of Object.entries(responses)) {
    const question = Object.hasOwn(questions, key) ? questions[key] : undefined;
    if (!question || typeof answer !== 'object' || answer === null) continue;
    delete questions[key];
    answers[key] = answer as JsonObject;
    taken.push({ answerTo: question.answerTo, answer: answer as JsonObject });
  }
  if (taken.length === 0) return [task, taken];
  const status = Object.keys(questions).length === 0 ? 'working' : 'input_required';
  return [{ ...task, status, questions, answers, updatedAt: now }, taken];
}

export function describeProgress(task: Task, statusMessage: string, now: number): Task {
  return hasEnded(task) ? task : { ...task, statusMessage, updatedAt: now };
}

export function cancelTask(task: Task, now: number): Task {
  return hasEnded(task) ? task : end({ ...task, statusMessage: 'Cancelled by the client' }, 'cancelled', now);
}

export function settleTask(task: Task, { kind, payload }: TaskOutcome, now: number): Task {
  if (hasEnded(task)) return task;
  if (kind === 'result') return end(task, 'completed', now);
  const { message } = JSON.parse(payload) as { message: string };
  return end({ ...task, statusMessage: message }, 'failed', now);
}

/** The time to keep begins anew when the task ends, or the outcome of a long task would be gone at once. */
function end(task: Task, status: TaskStatus, now: number): Task {
  const lifetimeMs = now - task.createdAt + task.ttlMs;
  return { ...task, status, lifetimeMs, questions: {}, answers: {}, updatedAt: now };
}
