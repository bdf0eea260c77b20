import type { IncomingHttpHeaders } from 'node:http';
import { ANONYMOUS, type JsonObject, META, MODERN_REVISION } from '@millrace/protocol';
import type { Answer } from '../answer.ts';
import type { InboundRequest } from '../inbound.ts';

/** `_meta` of a request of the 2026 revision. */
export const ENVELOPE: JsonObject = {
  [META.protocolVersion]: MODERN_REVISION,
  [META.clientInfo]: { name: 'test', version: '1' },
  [META.clientCapabilities]: {},
};

/** A request of the 2026 revision as it stands in a body. */
export function modernBody(method: string, params: JsonObject = {}, id: string | number = 1): JsonObject {
  return {
    jsonrpc: '2.0',
    id,
    method,
    params: { ...params, _meta: { ...ENVELOPE, ...(params['_meta'] as object) } },
  };
}

/** A request of the session era as it stands in a body. */
export function sessionBody(method: string, params: JsonObject = {}, id: string | number = 1): JsonObject {
  return { jsonrpc: '2.0', id, method, params };
}

/** The headers that go with a body of the 2026 revision. */
export function modernHeaders(method: string, name?: string): IncomingHttpHeaders {
  return {
    'mcp-protocol-version': MODERN_REVISION,
    'mcp-method': method,
    ...(name !== undefined && { 'mcp-name': name }),
  };
}

export function aRequest(
  method: string,
  params: JsonObject = {},
  overrides: Partial<InboundRequest> = {},
): InboundRequest {
  const principal = ANONYMOUS;
  return {
    id: 1,
    method,
    params,
    revision: MODERN_REVISION,
    era: 'modern',
    bytes: 100,
    principal,
    ...overrides,
  };
}

/** Keeps what is answered. */
export class RecordingAnswer implements Answer {
  readonly said: string[] = [];
  #gone: () => void = () => undefined;

  result(payload: string): void {
    this.said.push(`result ${payload}`);
  }

  error(status: number, payload: string, retryAfterMs?: number): void {
    const { data } = JSON.parse(payload);
    this.said.push(['error', status, data.name, retryAfterMs].filter((part) => part !== undefined).join(' '));
  }

  fail(error: Parameters<Answer['fail']>[0], status: number = error.status): void {
    this.said.push(`fail ${status} ${error.kind}`);
  }

  notification(payload: string): void {
    this.said.push(`notification ${payload}`);
  }

  serverRequest(payload: string): void {
    this.said.push(`request ${payload}`);
  }

  pause(): void {
    this.said.push('pause');
  }

  onGone(listener: () => void): void {
    this.#gone = listener;
  }

  /** The client goes away. */
  leave(): void {
    this.#gone();
  }
}
