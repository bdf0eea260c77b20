import type { IncomingHttpHeaders } from 'node:http';
import {
  DEFAULT_SESSION_REVISION,
  eraOf,
  isJsonObject,
  type JsonObject,
  MillraceError,
  MODERN_REVISIONS,
  REVISIONS,
  type Revision,
  SESSION_REVISIONS,
} from '@millrace/protocol';
import { classifyInboundRequest, type InboundModernRoute } from '@modelcontextprotocol/server';
import { checkStandardHeaders, headerOf } from './headers.ts';
import type { Inbound, RequestId } from './inbound.ts';
import { asPlainRequest, claimOf, KnownEnvelopes, type PlainRequest } from './plain-request.ts';

/** Tells what a POST body is, by which revision it is served, and whether its headers agree with it. */
export class Classifier {
  readonly #envelopes = new KnownEnvelopes();

  /**
   * @param bytes size of the body
   * @throws MillraceError with the code and status that the revision prescribes
   */
  classify(headers: IncomingHttpHeaders, body: unknown, bytes: number): Inbound {
    const plain = asPlainRequest(body);
    const revision = plain && this.#familiarRevision(plain, headers);
    if (!plain || revision === undefined) return this.#examine(headers, body, bytes);
    if (eraOf(revision) === 'modern') checkStandardHeaders(headers, plain.method, plain.params);
    return request(plain, headers, revision, bytes);
  }

  /** The revision of a request of which the SDK could only say what it said of the ones before. */
  #familiarRevision({ method, meta }: PlainRequest, headers: IncomingHttpHeaders): Revision | undefined {
    const version = headerOf(headers, 'mcp-protocol-version');
    if (meta === undefined) {
      const named = version ?? DEFAULT_SESSION_REVISION;
      return method !== 'initialize' && SESSION_REVISIONS.includes(named) ? named : undefined;
    }
    const claim = claimOf(meta);
    if (claim === undefined || claim !== version || method !== headerOf(headers, 'mcp-method'))
      return undefined;
    return MODERN_REVISIONS.includes(claim) && this.#envelopes.has(meta) ? claim : undefined;
  }

  #examine(headers: IncomingHttpHeaders, body: unknown, bytes: number): Inbound {
    const protocolVersionHeader = headerOf(headers, 'mcp-protocol-version');
    const mcpMethodHeader = headerOf(headers, 'mcp-method');
    const outcome = classifyInboundRequest({
      httpMethod: 'POST',
      body,
      ...(protocolVersionHeader !== undefined && { protocolVersionHeader }),
      ...(mcpMethodHeader !== undefined && { mcpMethodHeader }),
    });
    if (outcome.kind === 'reject') throw rejection(outcome.code, outcome.message, outcome.data);
    if (outcome.kind === 'modern') return this.#modern(outcome, headers, bytes);
    if (Array.isArray(body)) return batch(body, protocolVersionHeader);
    if (!isJsonObject(body)) throw new MillraceError('invalid_request', 'Expected a JSON-RPC message');
    if (outcome.reason === 'response' || outcome.reason === 'notification') {
      checkVersionHeader(headers);
      return outcome.reason === 'response' ? { kind: 'response', message: body } : notification(body);
    }
    // The version that `initialize` asks for is negotiated, not required.
    const asked = outcome.reason === 'initialize' ? undefined : outcome.requestedVersion;
    const revision = supported(asked ?? DEFAULT_SESSION_REVISION, SESSION_REVISIONS, REVISIONS);
    const params = isJsonObject(body['params']) ? body['params'] : {};
    const { id, method } = body as { id: RequestId; method: string };
    return request({ id, method, params }, headers, revision, bytes);
  }

  #modern(route: InboundModernRoute, headers: IncomingHttpHeaders, bytes: number): Inbound {
    if (route.messageKind === 'notification') return notification(route.message);
    const { id, method, params = {} } = route.message;
    const revision = supported(route.classification.revision, MODERN_REVISIONS, MODERN_REVISIONS);
    checkStandardHeaders(headers, method, params);
    const { _meta: meta } = params as JsonObject;
    if (isJsonObject(meta)) this.#envelopes.learn(meta);
    return request({ id, method, params: params as JsonObject }, headers, revision, bytes);
  }
}

/**
 * Checks the version header that comes with something else than a request.
 *
 * @throws MillraceError `unsupported_version`
 */
export function checkVersionHeader(headers: IncomingHttpHeaders): void {
  const version = headerOf(headers, 'mcp-protocol-version');
  if (version !== undefined) supported(version, REVISIONS, REVISIONS);
}

function request(
  { id, method, params }: Pick<PlainRequest, 'id' | 'method' | 'params'>,
  headers: IncomingHttpHeaders,
  revision: Revision,
  bytes: number,
): Inbound {
  return { kind: 'request', request: { id, method, params, revision, era: eraOf(revision), bytes, headers } };
}

function notification({ method, params }: { method?: unknown; params?: unknown }): Inbound {
  return { kind: 'notification', method: String(method), params: isJsonObject(params) ? params : {} };
}

/** Only revision 2025-03-26 has batches; it is also the one of a request that names none. */
function batch(messages: readonly unknown[], version = DEFAULT_SESSION_REVISION): Inbound {
  if (version === DEFAULT_SESSION_REVISION) return { kind: 'batch', messages };
  throw new MillraceError('invalid_request', `Batches are not part of revision ${version}`);
}

/** @param listed what a client of that era may use instead; one that speaks 2026-07-28 learns of that era alone */
function supported(
  requested: string | undefined,
  revisions: readonly Revision[],
  listed: readonly Revision[],
): Revision {
  if (requested !== undefined && revisions.includes(requested)) return requested;
  const shown = requested ?? 'none';
  throw new MillraceError('unsupported_version', `Unsupported protocol version: ${shown}`, {
    members: { supported: listed, requested: shown },
  });
}

/** The SDK's verdict in our registry, with its message and its data. */
function rejection(code: number, message: string, data: unknown): MillraceError {
  const options = isJsonObject(data) ? { members: data } : {};
  switch (code) {
    case -32020:
      return new MillraceError('header_mismatch', message, options);
    case -32022:
      return new MillraceError('unsupported_version', message, options);
    case -32602:
      return new MillraceError('invalid_envelope', message, options);
    default:
      return new MillraceError('invalid_request', message, options);
  }
}
