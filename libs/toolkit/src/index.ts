export { type Call, type JsonObject, MillraceError } from '@millrace/protocol';
export {
  type AskOptions,
  type CallContext,
  type ContextServices,
  createCallContext,
  type ToolLog,
} from './call-context.ts';
export type { CallSink } from './call-sink.ts';
export type { Completer } from './completion.ts';
export { thrownBy } from './failure.ts';
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
export { INPUT_VERSION_META_KEY, type InputMigration } from './input-versions.ts';
export { applyMiddleware, type Middleware, type OrderedMiddleware } from './middleware.ts';
export { type MountFactory, type MountOptions, mountMcpServer } from './mount/mount-mcp-server.ts';
export type { MountableServer } from './mount/server-connection.ts';
export {
  definePlugin,
  type InstalledParts,
  type Plugin,
  type PluginEnv,
  type PluginHost,
  type PluginLog,
  type PluginParts,
} from './plugin.ts';
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
export { defineTool, type ToolDefinition, type ToolReturn } from './tool.ts';
export { ToolError, type ToolErrorOptions } from './tool-error.ts';
