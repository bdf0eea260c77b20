import {
  type Call,
  isJsonObject,
  isLogLevel,
  type JsonObject,
  META,
  MillraceError,
} from '@millrace/protocol';
import { type CallContext, SinkContext } from '../call-context.ts';
import { explained } from '../failure.ts';
import { isInputRequest } from '../input/input-required.ts';
import type { PluginLog } from '../plugin.ts';
import type { InstancePool } from './instance-pool.ts';

/**
 * Runs a call on an instance of a mounted server, with the params as the agent sent them: its own progress token comes
 * back in the server's notifications.
 */
export async function runMounted(
  call: Call,
  context: CallContext,
  instances: InstancePool,
  log: PluginLog,
): Promise<JsonObject> {
  const { signal } = context;
  const result = await instances.use(signal, async (connection) => {
    try {
      return await connection.request(call.method, call.params, signal, {
        onNotification: (method, params) => passOn(method, params, context),
        onRequest: (method, params) => ask(method, params, context),
      });
    } finally {
      // A handler may go on after it was cancelled; what it still sends must not reach the instance's next call.
      if (signal.aborted) {
        connection
          .end()
          .catch((error: unknown) => log.warn({ error }, 'A mounted server did not close well'));
      }
    }
  });
  return toServedResult(result, context);
}

/** The result of a mounted server as agents get it, with the structured form of a failure. */
export function toServedResult(result: JsonObject, context: CallContext): JsonObject {
  return explained(withoutServerInfo(result), context.requestId);
}

/** Agents talk to Millrace: a mounted server does not put its own name under its results. */
function withoutServerInfo(result: JsonObject): JsonObject {
  if (!isJsonObject(result['_meta']) || !(META.serverInfo in result['_meta'])) return result;
  const { [META.serverInfo]: _, ...meta } = result['_meta'];
  return { ...result, _meta: meta };
}

async function ask(method: string, params: JsonObject, context: CallContext): Promise<JsonObject> {
  if (method === 'ping') return {};
  const request = { method, params };
  if (!isInputRequest(request) || !(context instanceof SinkContext)) {
    throw new MillraceError('method_not_found', `Clients are not asked for ${method}`);
  }
  return context.askNow(request);
}

function passOn(method: string, params: JsonObject, context: CallContext): void {
  if (method === 'notifications/progress') {
    const { progress, total, message } = params as { progress: number; total?: number; message?: string };
    context.progress(progress, total, message);
  } else if (method === 'notifications/message' && isLogLevel(params['level'])) {
    const { level, data, logger } = params as { level: typeof params.level; data?: unknown; logger?: string };
    context.log[level](data, logger);
  }
}
