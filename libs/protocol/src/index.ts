export {
  type Access,
  type AccessKind,
  type Caller,
  denialOf,
  PERMISSION_FOR,
  PERMISSIONS,
  type Permission,
  type Use,
  useOf,
} from './access.ts';
export { type AffineRequest, affinityOwnerOf } from './affinity.ts';
export { type Batch, type ReplyAddress, readBatch, type WireBatch, writeBatch } from './batch.ts';
export {
  ANONYMOUS,
  CALL_METHODS,
  type Call,
  type CallMethod,
  clientCapabilitiesOf,
  type IdempotencyClaim,
  type Principal,
  type SealCall,
  type SealCalls,
} from './call.ts';
export { callFields } from './call-fields.ts';
export { type Comparable, callKey, type Scope } from './call-key.ts';
export { CANARY_STATE, canaryPoolOf, isOfCanary } from './canary.ts';
export { canonicalJson } from './canonical-json.ts';
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
  type FlightFrame,
  type Frame,
  isTerminal,
  type NotificationFrame,
  type PauseFrame,
  type RequestFrame,
  type TerminalFrame,
} from './frame.ts';
export { isJsonObject, type JsonObject } from './json.ts';
export { isLogged, isLogLevel, LOG_LEVELS, type LogLevel } from './log-level.ts';
export {
  AFFINITY_META_KEY,
  ERROR_META_KEY,
  FALLBACK_META_KEY,
  IDEMPOTENCY_META_KEY,
  META,
} from './meta-keys.ts';
export { type Migration, Migrations } from './migrations.ts';
export {
  type RateLimitRule,
  type ResourcePoliciesInput,
  rateLimitRuleSchema,
  resourcePoliciesSchema,
  type ToolPolicies,
  type ToolPoliciesInput,
  toolPoliciesSchema,
} from './policies.ts';
export { type CachedThing, cacheConflicts } from './policy-conflicts.ts';
export {
  FRONT_DOOR_POLICIES,
  type FrontDoorPolicy,
  WORKER_POLICIES,
  type WorkerPolicy,
} from './policy-order.ts';
export {
  DEFAULT_PRIORITY,
  isPriority,
  lowerPriority,
  PRIORITIES,
  PRIORITY_META_KEY,
  type Priority,
} from './priority.ts';
export { type ResilientTool, resilienceConflicts } from './resilience-conflicts.ts';
export { isFinalResult, type ServerInfo, stampResult } from './result.ts';
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
