import { ANONYMOUS, isJsonObject } from '@millrace/protocol';
import type { Tracer, TraceSpan } from '@millrace/service';
import type { InboundRequest } from './inbound.ts';
import type { Route } from './router.ts';

/**
 * Begins the trace of a request that becomes a call: as a step of what its client does, where that says so in
 * `_meta.traceparent`, or else in the header of the HTTP request; where both do, the other is linked.
 */
export function beginTrace(
  tracer: Tracer,
  { id, method, params, headers, principal = ANONYMOUS, revision, session }: InboundRequest,
  { target, pool }: Route,
): TraceSpan | undefined {
  const meta = params['_meta'];
  const own = isJsonObject(meta) ? textOf(meta['traceparent']) : undefined;
  const http = textOf(headers?.['traceparent']);
  return tracer.begin(own ?? http, () => ({
    name: `${method} ${target}`,
    kind: 'server',
    link: own === undefined ? undefined : http,
    attributes: {
      'mcp.method.name': method,
      'mcp.protocol.version': revision,
      'jsonrpc.request.id': String(id),
      ...(method === 'tools/call' && { 'gen_ai.tool.name': target }),
      ...(session && { 'mcp.session.id': session.id }),
      'millrace.pool': pool,
      'millrace.tenant': principal.tenant,
    },
  }));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
