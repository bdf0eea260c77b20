import { z } from 'zod';

/** The schema below `.optional()`, `.default()` and the like. */
export function unwrap(schema: unknown): unknown {
  let inner = schema;
  while (true) {
    if (inner instanceof z.ZodPipe) inner = inner.in;
    else if (isWrapper(inner)) inner = inner.unwrap();
    else return inner;
  }
}

function isWrapper(schema: unknown): schema is { unwrap(): unknown } {
  return (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodCatch
  );
}

/** Turns the text of a variable into what the schema takes. Text that does not fit stays text: the schema refuses it. */
export function parseText(schema: unknown, text: string): unknown {
  const kind = unwrap(schema);
  if (kind instanceof z.ZodNumber) return parseNumber(text);
  if (kind instanceof z.ZodBoolean) return parseBoolean(text);
  if (kind instanceof z.ZodArray) return parseList(text).map((item) => parseText(kind.element, item));
  if (kind instanceof z.ZodObject || kind instanceof z.ZodRecord) return parseJson(text);
  return text;
}

function parseNumber(text: string): number | string {
  return /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : text;
}

function parseBoolean(text: string): boolean | string {
  if (/^(true|1|yes|on)$/i.test(text)) return true;
  return /^(false|0|no|off)$/i.test(text) ? false : text;
}

function parseList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
