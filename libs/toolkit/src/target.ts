import type { Call, JsonObject, Permission, TaskMode, ToolPolicies } from '@millrace/protocol';
import type { CallContext } from './call-context.ts';

/** Something that a call can be run on. */
export interface Target {
  readonly pool: string;
  /** Whether a second run after the death of a worker does no harm. */
  readonly idempotent: boolean;
  /** Longest run in milliseconds; absent when the worker's default applies. */
  readonly timeoutMs?: number;
  /** Whether calls are run together (see `CallSink.gather`): each then gives its slot to the run. */
  readonly batched?: boolean;
  /** Calls of one session or handle to targets of the same affinity go to one worker; absent: to any. */
  readonly affinity?: string;
  /** What calling it takes beside the permission of its kind; absent: nothing. */
  readonly permissions?: readonly Permission[];
  /**
   * Runs the call and gives its result, in the form of the 2025 revisions: the worker stamps it for newer ones.
   * Throws a `MillraceError` for what must reach the client as a JSON-RPC error.
   */
  run(call: Call, context: CallContext): Promise<JsonObject>;
}

/** The pool of everything that names none. */
export const DEFAULT_POOL = 'default';

/** A target that stands in a list under the definition that it describes itself with. */
interface ListedTarget<Definition extends JsonObject> extends Target {
  /** The definition as it stands in the list. Throws when it cannot be served; called once, at registration. */
  describe(): Definition;
}

export interface ToolTarget extends ListedTarget<JsonObject & { readonly name: string }> {
  readonly name: string;
  /** Whether it runs as a task; absent: never. */
  readonly task?: TaskMode;
  /** After how many milliseconds an `optional` call turns into a task; absent: never. */
  readonly promoteAfterMs?: number;
  /** What is switched on around each run; absent: nothing. */
  readonly policies?: ToolPolicies;
  /**
   * Answers a call that the tool cannot, in the form of `run`; absent: nothing does.
   *
   * @param reason name of the error that the call would end with
   */
  fallback?(call: Call, context: CallContext, reason: string): Promise<JsonObject>;
}

export interface ResourceTarget
  extends ListedTarget<JsonObject & { readonly uri: string; readonly name: string }> {
  readonly uri: string;
  /** What is switched on around each read; absent: nothing. */
  readonly policies?: ToolPolicies;
}

export interface ResourceTemplateTarget
  extends ListedTarget<JsonObject & { readonly uriTemplate: string; readonly name: string }> {
  readonly uriTemplate: string;
  /** What is switched on around each read; absent: nothing. */
  readonly policies?: ToolPolicies;
  /** Definitions of resources that stand in `resources/list` for the template; asked once, at registration. */
  list?(): Promise<readonly (JsonObject & { readonly uri: string; readonly name: string })[]>;
  /** Whether the template can give this URI. */
  matches(uri: string): boolean;
  /** Answers `completion/complete` for the variables. */
  readonly completion: Target;
}

export interface PromptTarget extends ListedTarget<JsonObject & { readonly name: string }> {
  readonly name: string;
  /** Answers `completion/complete` for the arguments. */
  readonly completion: Target;
}
