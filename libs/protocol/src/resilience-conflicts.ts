import type { ToolPolicies } from './policies.ts';

/** A tool, as far as it decides which policies go with it. */
export interface ResilientTool {
  readonly idempotent: boolean;
  /** Whether it declares its output, so that every result has structured content. */
  readonly structured: boolean;
  /** Whether its code brings another handler to fall back on. */
  readonly fallbackHandler: boolean;
  readonly policies: ToolPolicies;
}

/**
 * Says where the policies `retry`, `fallback` and `concurrency` contradict each other or the tool that they are put on.
 *
 * @returns one sentence for each contradiction, which names both fields
 */
export function resilienceConflicts(tool: ResilientTool): string[] {
  const { retry, concurrency } = tool.policies;
  const conflicts = fallbackConflicts(tool);
  if (retry && !tool.idempotent) {
    conflicts.push('policies.retry and idempotent: a tool that is not idempotent must not run twice');
  }
  if (retry && retry.baseMs > retry.maxMs) {
    conflicts.push(
      'policies.retry.baseMs and policies.retry.maxMs: the first wait is longer than the longest',
    );
  }
  if (concurrency && concurrency.perWorker === undefined && concurrency.fleet === undefined) {
    conflicts.push(
      'policies.concurrency.perWorker and policies.concurrency.fleet: neither is given, so nothing is limited',
    );
  }
  return conflicts;
}

function fallbackConflicts({ idempotent, structured, fallbackHandler, policies }: ResilientTool): string[] {
  const { fallback } = policies;
  if (fallback?.kind === 'stale' && !idempotent) {
    return [
      'policies.fallback.kind "stale" and idempotent: an earlier result would claim that it was done once more',
    ];
  }
  if (fallback?.kind === 'fixed' && structured && fallback.structuredContent === undefined) {
    return [
      'policies.fallback.structuredContent and output: the tool declares its output, so the fixed answer needs one',
    ];
  }
  if (fallback?.kind === 'handler' && !fallbackHandler) {
    return ['policies.fallback.kind "handler" and fallback: the definition of the tool has no such handler'];
  }
  return [];
}
