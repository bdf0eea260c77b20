/** Keys of `_meta` that the 2026-07-28 revision reserves (specification, "General fields"). */
export const META = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
  logLevel: 'io.modelcontextprotocol/logLevel',
} as const;

/** Under this key of a result's `_meta` a failed call carries its structured error. */
export const ERROR_META_KEY = 'dev.millrace/error';

/** Under this key of its `_meta` a result says that a fallback gave it: `{ kind, reason }`. */
export const FALLBACK_META_KEY = 'io.millrace/fallback';

/** Under this key of a call's `_meta` a client without sessions names whose state the call is about. */
export const AFFINITY_META_KEY = 'dev.millrace/handle';

/** Under this key of a request's `_meta` a client names the call, so that it can make it again and get the first result. */
export const IDEMPOTENCY_META_KEY = 'io.millrace/idempotency-key';
