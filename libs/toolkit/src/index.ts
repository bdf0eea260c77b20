export { type Call, type ErrorType, type JsonObject, MillraceError } from '@millrace/protocol';
export {
  type Borrowing,
  PoolError,
  type PoolRefusal,
  ResourcePool,
  type ResourcePoolFigures,
  type ResourcePoolOptions,
} from '@millrace/resilience';
export {
  type AggregateId,
  type EventLog,
  EventStore,
  type EventStoreOptions,
  type KeepOptions,
  type KeptState,
  migrate,
  type NewEvent,
  PostgresEventLog,
  type Rebuilt,
  type SqlDatabase,
  StateError,
  type StateFailure,
  type StoredEvent,
  type Versioned,
} from '@millrace/state';
export type { BatchContext, BatchInput, BatchItem } from './batch-item.ts';
export {
  type AskOptions,
  type CallContext,
  type ContextServices,
  createCallContext,
  type StoreOptions,
} from './call-context.ts';
export type { CallSink } from './call-sink.ts';
export { checkedTool } from './checked-tool.ts';
export type { Completer } from './completion.ts';
export { thrownBy } from './failure.ts';
export type { BatchPolicy, GatheredTool } from './gathered-tool.ts';
export type { PluginCheck } from './health-check.ts';
export { ClientError } from './input/client-error.ts';
export {
  type Elicitation,
  elicitation,
  type FormElicitation,
  type InputRequest,
  rootsList,
  sampling,
  type UrlElicitation,
} from './input/input-request.ts';
export { type InputRequests, type InputRequired, inputRequired } from './input/input-required.ts';
export { RequestState, type RequestStateOptions, type RoundState } from './input/request-state.ts';
export { runRounds } from './input/rounds.ts';
export { INPUT_VERSION_META_KEY, type InputMigration } from './input-versions.ts';
export { applyMiddleware, type Middleware, type OrderedMiddleware } from './middleware.ts';
export { type MountFactory, type MountOptions, mountMcpServer } from './mount/mount-mcp-server.ts';
export { toServedResult } from './mount/mounted-call.ts';
export { toAnswerError, toMountedError } from './mount/mounted-error.ts';
export { type ListedServer, type Mounting, readParts } from './mount/mounted-parts.ts';
export type { MountableServer } from './mount/server-connection.ts';
export { pathParam } from './path-param.ts';
export {
  definePlugin,
  type InstalledParts,
  type Plugin,
  type PluginEnv,
  type PluginHost,
  type PluginLog,
  type PluginParts,
  type PoolOptions,
  type PoolReport,
} from './plugin.ts';
export type { PoolObserver } from './plugin-pools.ts';
export { definePrompt, type PromptDefinition, type PromptReturn } from './prompt.ts';
export { Registry, type RegistryOptions, unknownTarget } from './registry.ts';
export { defineResource, type ReadReturn, type ResourceDefinition } from './resource.ts';
export { defineResourceTemplate, type ResourceTemplateDefinition } from './resource-template.ts';
export {
  DEFAULT_POOL,
  type PromptTarget,
  type ResourceTarget,
  type ResourceTemplateTarget,
  type Target,
  type ToolTarget,
} from './target.ts';
export { defineTool } from './tool.ts';
export type { BatchOutcome, ToolDefinition, ToolHandler, ToolReturn } from './tool-definition.ts';
export { ToolError, type ToolErrorOptions } from './tool-error.ts';
export type { ToolLog } from './tool-log.ts';
