import { type ToolPolicies, type ToolPoliciesInput, toolPoliciesSchema } from '@millrace/protocol';
import { z } from 'zod';

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
