import { ANONYMOUS, isJsonObject, type Principal } from '@millrace/protocol';

/** What a client sends may be of any length; a line of a log may not. */
const LONGEST = 128;

/**
 * What every line of a log says of the request that it belongs to, before that has become a call. Put together only when
 * a line is written.
 *
 * @param body the JSON-RPC message, as far as it could be read
 */
export function requestFields(
  body: unknown,
  principal: Principal = ANONYMOUS,
): Readonly<Record<string, unknown>> {
  const { id, method, params } = isJsonObject(body) ? body : {};
  const { name } = isJsonObject(params) ? params : {};
  return {
    request: typeof id === 'number' ? id : short(id),
    method: short(method),
    tenant: principal.tenant,
    ...(method === 'tools/call' && { tool: short(name) }),
  };
}

function short(text: unknown): string | undefined {
  return typeof text === 'string' ? text.slice(0, LONGEST) : undefined;
}
