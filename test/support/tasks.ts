import { META } from '@millrace/protocol';
import { expect } from 'vitest';
import { type JsonRpcResponse, modernRequest, send, toolCall } from './wire.ts';

type Params = Record<string, unknown>;

/** What the tests' client declares with every request: it takes tasks, and its user can be asked. */
export const TASKS_META = {
  [META.clientCapabilities]: {
    elicitation: {},
    extensions: { 'io.modelcontextprotocol/tasks': {} },
  },
};

/** Calls a tool as a client that takes tasks. */
export async function callTool(url: string, name: string, args: Params = {}): Promise<JsonRpcResponse> {
  return (await send(url, toolCall(name, args, TASKS_META))).message;
}

/** Makes a task. @returns its id */
export async function startTask(url: string, name: string, args: Params = {}): Promise<string> {
  const { result } = await callTool(url, name, args);
  expect(result).toMatchObject({ resultType: 'task', status: 'working' });
  return String(result?.['taskId']);
}

export async function askTask(url: string, method: string, params: Params): Promise<JsonRpcResponse> {
  return (await send(url, modernRequest(method, params, TASKS_META))).message;
}

export async function getTask(url: string, taskId: string): Promise<Params> {
  const { result, error } = await askTask(url, 'tasks/get', { taskId });
  if (!result) throw new Error(`tasks/get: ${JSON.stringify(error)}`);
  return result;
}

/** Asks for a task until it has this status. @returns what it was told then */
export async function taskIs(url: string, taskId: string, status: string): Promise<Params> {
  let task: Params = {};
  const current = async () => {
    task = await getTask(url, taskId);
    return task['status'];
  };
  await expect.poll(current, { timeout: 10_000 }).toBe(status);
  return task;
}

export async function answerTask(url: string, taskId: string, inputResponses: Params): Promise<void> {
  const { result } = await askTask(url, 'tasks/update', { taskId, inputResponses });
  expect(result).toEqual({ resultType: 'complete', _meta: expect.anything() });
}
