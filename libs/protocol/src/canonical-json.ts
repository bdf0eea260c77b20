import { isJsonObject, type JsonObject } from './json.ts';

/**
 * JSON text that is the same for equal values, whatever the order of their members.
 *
 * @param value what `JSON.parse` gives
 * @throws RangeError for what is nested too deeply to be written
 */
export function canonicalJson(value: unknown): string {
  if (isJsonObject(value)) return canonicalObject(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  return JSON.stringify(value);
}

function canonicalObject(value: JsonObject): string {
  const names = Object.keys(value);
  if (names.length > 1) names.sort();
  let text = '{';
  for (const name of names) {
    if (text.length > 1) text += ',';
    text += `${JSON.stringify(name)}:${canonicalJson(value[name])}`;
  }
  return `${text}}`;
}
