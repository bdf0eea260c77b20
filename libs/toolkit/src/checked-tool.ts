import { isJsonObject, type JsonObject, MillraceError } from '@millrace/protocol';
import { describeIssues } from './schema.ts';
import { SchemaCheck } from './schema-check.ts';
import type { ToolTarget } from './target.ts';

/**
 * Puts the check of arguments, and of declared results, around a tool that somebody else defined. Throws when a schema
 * cannot be used.
 */
export function checkedTool(tool: ToolTarget): ToolTarget {
  const { name, inputSchema, outputSchema } = tool.describe() as JsonObject & { name: string };
  const input = isJsonObject(inputSchema) ? new SchemaCheck(inputSchema, `Tool ${name}, input`) : undefined;
  const output = isJsonObject(outputSchema)
    ? new SchemaCheck(outputSchema, `Tool ${name}, output`)
    : undefined;
  if (!input && !output) return tool;
  return {
    ...tool,
    run: async (call, context) => {
      if (input) checkArguments(input, call.params['arguments'] ?? {}, name);
      const result = await tool.run(call, context);
      if (output) checkResult(output, result, name);
      return result;
    },
  };
}

function checkArguments(schema: SchemaCheck, value: unknown, name: string): void {
  const issues = schema.issuesOf(value);
  if (issues.length === 0) return;
  throw new MillraceError('invalid_params', `Invalid arguments for tool ${name}: ${describeIssues(issues)}`, {
    details: { issues },
  });
}

/** Errors, and rounds that ask for input first, have no structured content. */
function checkResult(schema: SchemaCheck, result: JsonObject, name: string): void {
  if (result['isError'] === true || !('content' in result)) return;
  const issues = schema.issuesOf(result['structuredContent'] ?? {});
  if (issues.length === 0) return;
  // What is wrong is for the log of the worker: the client cannot mend it.
  throw new MillraceError('internal_error', `Tool ${name} gave a result that its output schema refuses`, {
    cause: new Error(describeIssues(issues)),
  });
}
