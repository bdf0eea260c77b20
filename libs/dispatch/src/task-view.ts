import { type FoundTask, hasEnded, type Task } from '@millrace/broker';
import { type JsonObject, MODERN_REVISION, type ServerInfo, stampResult } from '@millrace/protocol';

/** JSON text of the result that gives the client a handle instead of an answer. */
export function createdTask(task: Task, serverInfo: ServerInfo): string {
  const result = { resultType: 'task', ...fieldsOf(task) };
  return JSON.stringify(stampResult(result, 'tools/call', MODERN_REVISION, serverInfo));
}

/** JSON text of the result of `tasks/get`. What the task ended with is put in as it is, never parsed. */
export function detailedTask({ task, outcome }: FoundTask, serverInfo: ServerInfo): string {
  const text = JSON.stringify(stampResult(detailsOf(task), 'tasks/get', MODERN_REVISION, serverInfo));
  if (outcome === undefined || !hasEnded(task)) return text;
  return `${text.slice(0, -1)},"${memberOf(task)}":${outcome}}`;
}

/** `params` of `notifications/tasks`: what `tasks/get` would tell at this moment. */
export function taskNotification({ task, outcome }: FoundTask): JsonObject {
  const details = detailsOf(task);
  if (outcome === undefined || !hasEnded(task)) return details;
  return { ...details, [memberOf(task)]: JSON.parse(outcome) };
}

function memberOf({ status }: Task): 'result' | 'error' {
  return status === 'failed' ? 'error' : 'result';
}

function detailsOf(task: Task): JsonObject {
  if (task.status !== 'input_required') return fieldsOf(task);
  const inputRequests = Object.fromEntries(
    Object.entries(task.questions).map(([key, { method, params }]) => [key, { method, params }]),
  );
  return { ...fieldsOf(task), inputRequests };
}

function fieldsOf(task: Task): JsonObject {
  const { id, status, statusMessage, createdAt, updatedAt, lifetimeMs, pollIntervalMs } = task;
  return {
    taskId: id,
    status,
    ...(statusMessage !== undefined && { statusMessage }),
    createdAt: new Date(createdAt).toISOString(),
    lastUpdatedAt: new Date(updatedAt).toISOString(),
    ttlMs: lifetimeMs,
    pollIntervalMs,
  };
}
