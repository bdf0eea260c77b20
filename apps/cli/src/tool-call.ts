import { isJsonObject, type JsonObject } from '@millrace/protocol';
import { OperatorError } from '@millrace/service';
import { type Client, ProtocolError, type Tool } from '@modelcontextprotocol/client';
import { withClient } from './client-connection.ts';
import { type Arguments, EXIT, type Terminal, UsageError } from './command.ts';
import { ProgressBar } from './progress-bar.ts';
import { jsonArguments, toolArguments } from './tool-arguments.ts';

const TIMEOUT_S = 60;

/** Calls a tool and prints its result. @returns the exit code */
export function callTool(name: string, args: Arguments, terminal: Terminal): Promise<number> {
  const given = args.text('args');
  const whole = given === undefined ? {} : jsonArguments(given);
  const timeout = args.count('timeout', TIMEOUT_S) * 1_000;
  return withClient(args, terminal, async (client) => {
    const tool = await findTool(client, name);
    const values = { ...whole, ...toolArguments(args.texts('arg'), tool.inputSchema) };
    const result = await ask(client, name, values, timeout, terminal);
    terminal.output.write(`${args.flag('json') ? JSON.stringify(result, undefined, 2) : textOf(result)}\n`);
    return result['isError'] === true ? EXIT.failed : EXIT.ok;
  });
}

/** @throws UsageError that names tools like it */
async function findTool(client: Client, name: string): Promise<Tool> {
  const { tools } = await client.listTools();
  const tool = tools.find((one) => one.name === name);
  if (tool) return tool;
  const alike = tools.map((one) => one.name).filter((one) => one.includes(name) || name.includes(one));
  const hint = alike.length > 0 ? `did you mean ${alike.join(', ')}?` : 'millrace tools lists them';
  throw new UsageError(`there is no tool "${name}"; ${hint}`);
}

async function ask(
  client: Client,
  name: string,
  values: JsonObject,
  timeout: number,
  { errors, interrupted }: Terminal,
): Promise<JsonObject> {
  const bar = new ProgressBar(errors);
  try {
    const result = await client.callTool(
      { name, arguments: values },
      {
        timeout,
        signal: interrupted,
        resetTimeoutOnProgress: true,
        onprogress: ({ progress, total, message }) => bar.show(progress, total, message),
      },
    );
    return result as JsonObject;
  } catch (cause) {
    throw new OperatorError(failureOf(cause), { cause });
  } finally {
    bar.clear();
  }
}

function failureOf(error: unknown): string {
  if (error instanceof ProtocolError) return `${error.message} (${error.code})`;
  return error instanceof Error ? error.message : String(error);
}

/** For people: text as it is, all else by its kind. */
function textOf({ content, structuredContent }: JsonObject): string {
  const blocks = Array.isArray(content) ? content.filter(isJsonObject) : [];
  if (blocks.length === 0 && structuredContent !== undefined)
    return JSON.stringify(structuredContent, undefined, 2);
  return blocks
    .map(({ type, text, mimeType }) =>
      type === 'text' ? String(text) : `(${type}${mimeType ? `, ${mimeType}` : ''})`,
    )
    .join('\n');
}
