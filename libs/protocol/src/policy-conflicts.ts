import type { Scope } from './call-key.ts';
import type { ToolPolicies } from './policies.ts';

/** A tool or resource, as far as it decides which policies go with it. */
export interface CachedThing {
  readonly idempotent: boolean;
  /** How it runs as a task; absent: never. */
  readonly task?: string;
  readonly policies?: ToolPolicies;
}

const WIDTH: Readonly<Record<Scope, number>> = { private: 0, tenant: 1, public: 2 };

/**
 * Says where the policies `cache` and `dedup` contradict each other or what they are put on.
 *
 * @returns one sentence for each contradiction, which names both fields
 */
export function cacheConflicts({ idempotent, task, policies = {} }: CachedThing): string[] {
  const { cache, dedup } = policies;
  const shares = dedup !== undefined && dedup !== 'off';
  const conflicts: string[] = [];
  if (cache && task === 'required') {
    conflicts.push('policies.cache and task "required": a task has no result that could be kept');
  }
  if (shares && task === 'required') {
    conflicts.push('policies.dedup and task "required": each task is run for the client that asked for it');
  }
  if (shares && !idempotent) {
    conflicts.push('policies.dedup and idempotent: who follows a call that is lost has to run it again');
  }
  if (cache && shares && WIDTH[dedup] > WIDTH[cache.scope]) {
    conflicts.push(
      `policies.dedup "${dedup}" and policies.cache.scope "${cache.scope}": a result would be shared in flight with those who may not have it afterwards`,
    );
  }
  return conflicts;
}
