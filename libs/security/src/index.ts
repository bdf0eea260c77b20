export { AccessPolicy } from './access-policy.ts';
export {
  API_KEY_PREFIX,
  type ApiKeyRecord,
  createApiKey,
  endApiKey,
  type NewApiKey,
  parseApiKey,
  readRecord,
} from './api-key.ts';
export { type AuditHead, type AuditKeys, verifyAudit } from './audit-chain.ts';
export { AuditLog, type AuditLogOptions, type AuditSink } from './audit-log.ts';
export type { AuditLine, AuditRecord } from './audit-record.ts';
export { AUDIT_SETTINGS, type AuditSettings, checkAudit } from './audit-settings.ts';
export { FileAuditSink, StreamAuditSink } from './audit-sinks.ts';
export { Authenticator, type AuthenticatorOptions } from './authenticator.ts';
export { type Authorization, authorizationSchema, NO_AUTHORIZATION } from './authorization.ts';
export { CallGuard } from './call-guard.ts';
export {
  bearerSeal,
  bearerSeals,
  frontDoorSeal,
  frontDoorSeals,
  SealChecks,
  type SealChecksOptions,
} from './call-seal.ts';
export { type ChallengeOptions, challengeOf } from './challenge.ts';
export { ClusterKeys } from './cluster-keys.ts';
export { IssuerKeys, type IssuerKeysOptions } from './issuer-keys.ts';
export { type HeldKey, type KeyRecords, KeyRing, type KeyRingOptions } from './key-ring.ts';
export { type Notice, readNotice, writeNotice } from './notice.ts';
export { type ProtectedResource, ResourceMetadata } from './resource-metadata.ts';
export {
  type AuthMethod,
  CLUSTER_AUTH_SETTINGS,
  type ClusterAuthSettings,
  checkClusterAuth,
  checkEntrance,
  ENTRANCE_SETTINGS,
  type EntranceSettings,
  methodsOf,
} from './settings.ts';
export { type TokenRules, TokenVerifier, type TokenVerifierOptions } from './token-verifier.ts';
