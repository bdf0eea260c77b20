import { isJsonObject, META, MillraceError } from '@millrace/protocol';
import type { InboundRequest } from './inbound.ts';

/** Name of the extension (SEP-2663), in the capabilities of servers and clients. */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** What a server that has the extension, and a client that takes tasks, declare. */
export const TASKS_CAPABILITY = { extensions: { [TASKS_EXTENSION]: {} } } as const;

/** Whether the client takes a task as the answer to this request: it says so with each one. */
export function declaresTasks({ era, params }: Pick<InboundRequest, 'era' | 'params'>): boolean {
  if (era !== 'modern') return false;
  const extensions = memberOf(memberOf(params['_meta'], META.clientCapabilities), 'extensions');
  return memberOf(extensions, TASKS_EXTENSION) !== undefined;
}

/** Whether the answer to this request may be a task. */
export function becomesTask(request: InboundRequest, { task }: { readonly task?: object }): boolean {
  return task !== undefined && declaresTasks(request);
}

/** @throws MillraceError `missing_capability` when the request does not declare the extension */
export function requireTasks(request: InboundRequest): void {
  if (declaresTasks(request)) return;
  throw new MillraceError('missing_capability', `Missing required client capability: ${TASKS_EXTENSION}`, {
    members: { requiredCapabilities: TASKS_CAPABILITY },
  });
}

function memberOf(value: unknown, key: string): unknown {
  return isJsonObject(value) ? value[key] : undefined;
}
