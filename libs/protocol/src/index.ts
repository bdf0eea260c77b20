export { type Batch, type ReplyAddress, readBatch, type WireBatch, writeBatch } from './batch.ts';
export {
  ANONYMOUS,
  CALL_METHODS,
  type Call,
  type CallMethod,
  clientCapabilitiesOf,
  type Principal,
} from './call.ts';
export {
  EMPTY_OFFER,
  type Offer,
  type PromptEntry,
  type ResourceEntry,
  type ResourceTemplateEntry,
  type TaskMode,
  type ToolEntry,
} from './catalogue.ts';
export { ENVELOPE_VERSION, OLDEST_ENVELOPE_VERSION } from './envelope.ts';
export {
  ERRORS,
  type ErrorData,
  type ErrorName,
  type ErrorOptions,
  type ErrorType,
  type JsonRpcError,
  MillraceError,
  toMillraceError,
} from './errors.ts';
export {
  decodeFrames,
  encodeFrames,
  type Frame,
  isTerminal,
  type NotificationFrame,
  type PauseFrame,
  type RequestFrame,
  type TerminalFrame,
} from './frame.ts';
export { isJsonObject, type JsonObject } from './json.ts';
export { isLogged, isLogLevel, LOG_LEVELS, type LogLevel } from './log-level.ts';
export { ERROR_META_KEY, META } from './meta-keys.ts';
export { type Migration, Migrations } from './migrations.ts';
export { type ToolPolicies, type ToolPoliciesInput, toolPoliciesSchema } from './policies.ts';
export {
  FRONT_DOOR_POLICIES,
  type FrontDoorPolicy,
  WORKER_POLICIES,
  type WorkerPolicy,
} from './policy-order.ts';
export { type ServerInfo, stampResult } from './result.ts';
export {
  DEFAULT_SESSION_REVISION,
  type Era,
  eraOf,
  MODERN_REVISION,
  MODERN_REVISIONS,
  NEWEST_SESSION_REVISION,
  REVISIONS,
  type Revision,
  SESSION_REVISIONS,
} from './revision.ts';
