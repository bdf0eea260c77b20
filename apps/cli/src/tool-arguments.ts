import { isJsonObject, type JsonObject } from '@millrace/protocol';
import { UsageError } from './command.ts';

/**
 * The arguments of a call from `name=value` texts. What the tool's schema calls a string stays as it is; everything else
 * is JSON where it can be read as such, so that `--arg count=3` is a number.
 * @throws UsageError for a text without a name, or a name the schema does not have
 */
export function toolArguments(texts: readonly string[], inputSchema: unknown): JsonObject {
  const schema = isJsonObject(inputSchema) ? inputSchema : {};
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const entries = texts.map((text): [string, unknown] => {
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (name === '') throw new UsageError(`--arg: "${text}" — expected name=value`);
    if (!Object.hasOwn(properties, name) && schema['additionalProperties'] === false) {
      throw new UsageError(`--arg: the tool has no "${name}" — it has ${Object.keys(properties).join(', ')}`);
    }
    return [name, isText(properties[name]) ? value : readValue(value)];
  });
  return Object.fromEntries(entries);
}

/** All arguments as one JSON object. @throws UsageError */
export function jsonArguments(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch (cause) {
    throw new UsageError(`--args: ${(cause as Error).message}`, { cause });
  }
  throw new UsageError('--args: expected a JSON object');
}

function isText(schema: unknown): boolean {
  return isJsonObject(schema) && schema['type'] === 'string';
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whatever is no JSON is meant as a text.
    return text;
  }
}
