import {
  cacheConflicts,
  type ResourcePoliciesInput,
  resilienceConflicts,
  resourcePoliciesSchema,
  type ToolPolicies,
  type ToolPoliciesInput,
  toolPoliciesSchema,
} from '@millrace/protocol';
import { z } from 'zod';
import type { ToolTarget } from './target.ts';

/**
 * Fills in the defaults of a tool's policies.
 *
 * @throws Error that names the tool and each wrong field
 */
export function readPolicies(tool: string, policies: ToolPoliciesInput): ToolPolicies {
  const read = toolPoliciesSchema.safeParse(policies);
  if (read.success) return read.data;
  throw new Error(`Tool ${tool}, policies: ${z.prettifyError(read.error)}`);
}

/**
 * Fills in the defaults of a resource's policies, and checks that they go with each other.
 *
 * @throws Error that names the resource and each wrong field
 */
export function readResourcePolicies(name: string, policies: ResourcePoliciesInput): ToolPolicies {
  const read = resourcePoliciesSchema.safeParse(policies);
  if (!read.success) throw new Error(`Resource ${name}, policies: ${z.prettifyError(read.error)}`);
  const conflicts = cacheConflicts({ idempotent: true, policies: read.data });
  if (conflicts.length > 0) throw new Error(conflicts.map((text) => `Resource ${name}: ${text}`).join('\n'));
  return read.data;
}

/**
 * Checks that the policies of a tool go with each other and with the tool.
 *
 * @param structured whether the tool declares its output
 * @throws Error that names the tool and, for each contradiction, both fields
 */
export function checkPolicies(tool: ToolTarget, policies: ToolPolicies, structured: boolean): void {
  const { name, idempotent, task } = tool;
  const conflicts = [
    ...cacheConflicts({ idempotent, policies, ...(task !== undefined && { task }) }),
    ...resilienceConflicts({
      idempotent,
      structured,
      fallbackHandler: tool.fallback !== undefined,
      policies,
    }),
  ];
  if (policies.batch && !tool.batched) {
    conflicts.push('policies.batch and batch: the handler takes one call at a time, as its definition says');
  }
  if (conflicts.length > 0) throw new Error(conflicts.map((text) => `Tool ${name}: ${text}`).join('\n'));
}
