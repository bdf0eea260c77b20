import type { Permission } from './access.ts';
import type { JsonObject } from './json.ts';
import type { ToolPolicies } from './policies.ts';

/** Whether a tool runs as a task: never, when the client asks for one, or always. */
export type TaskMode = 'never' | 'optional' | 'required';

/** What a worker publishes of one tool: its wire definition and what the front door must know to route it. */
export interface ToolEntry {
  readonly pool: string;
  /** As it stands in `tools/list`. */
  readonly definition: JsonObject & { readonly name: string };
  /** Whether a second run after the death of a worker does no harm. */
  readonly idempotent: boolean;
  /** Longest run in milliseconds; absent when the front door's default applies. */
  readonly timeoutMs?: number;
  /** Absent: never. */
  readonly task?: TaskMode;
  /** An `optional` call that runs for longer than this, in milliseconds, turns into a task. */
  readonly promoteAfterMs?: number;
  /** Calls of one session or handle to entries of the same affinity go to one worker; absent: to any. */
  readonly affinity?: string;
  /** Absent: none is switched on. */
  readonly policies?: ToolPolicies;
  /** What calling it takes beside `execute:tools`; absent: nothing. */
  readonly permissions?: readonly Permission[];
}

export interface ResourceEntry {
  readonly pool: string;
  /** As of a tool. */
  readonly affinity?: string;
  /** Absent: none is switched on. */
  readonly policies?: ToolPolicies;
  /** As it stands in `resources/list`. */
  readonly definition: JsonObject & { readonly uri: string; readonly name: string };
}

export interface ResourceTemplateEntry {
  readonly pool: string;
  /** As of a tool. */
  readonly affinity?: string;
  /** Absent: none is switched on. */
  readonly policies?: ToolPolicies;
  /** As it stands in `resources/templates/list`. */
  readonly definition: JsonObject & { readonly uriTemplate: string; readonly name: string };
}

export interface PromptEntry {
  readonly pool: string;
  /** As of a tool. */
  readonly affinity?: string;
  /** As it stands in `prompts/list`. */
  readonly definition: JsonObject & { readonly name: string };
}

/** All that one worker serves. Workers of the same build publish the same offer, so it is stored once, by hash. */
export interface Offer {
  readonly tools: readonly ToolEntry[];
  readonly resources: readonly ResourceEntry[];
  readonly resourceTemplates: readonly ResourceTemplateEntry[];
  readonly prompts: readonly PromptEntry[];
}

export const EMPTY_OFFER: Offer = { tools: [], resources: [], resourceTemplates: [], prompts: [] };
