import { isJsonObject, MillraceError } from '@millrace/protocol';
import { z } from 'zod';

const count = z.int().min(1);

/** How large the JSON of one message may be, beside its bytes; part of the settings of a front door. */
export const MESSAGE_SETTINGS = {
  /** Objects and arrays within each other. */
  maxJsonDepth: count.max(1_000).default(64),
  /** Members of all objects together. */
  maxJsonKeys: count.default(20_000),
  /** Values of all objects and arrays together. */
  maxJsonValues: count.default(200_000),
  /** Characters of one string. */
  maxStringLength: count.default(2 * 1024 * 1024),
  /** Messages in one body, which only revision 2025-03-26 allows. */
  maxBatchMessages: count.default(100),
} as const;

export type MessageLimits = Readonly<
  Record<Exclude<keyof typeof MESSAGE_SETTINGS, 'maxBatchMessages'>, number>
>;

/** What a front door has unless it is told otherwise. */
export const DEFAULT_MESSAGE_LIMITS: MessageLimits = z.object(MESSAGE_SETTINGS).parse({});

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const BACKSLASH = 92;

/** By how much a mark changes the depth. */
const NESTING = new Int8Array(0x1_00_00);
for (const mark of '[{') NESTING[mark.charCodeAt(0)] = 1;
for (const mark of ']}') NESTING[mark.charCodeAt(0)] = -1;

/** What text must contain before one of its keys can be dangerous; an escape may stand for any letter. */
const SUSPICIOUS = /__proto__|constructor|\\u/;

/**
 * Parses a message. Its size is checked before: a parser can be kept busy for most of a second with what a body may
 * hold.
 *
 * @throws MillraceError `parse_error`, or `invalid_request` that names the limit
 */
export function parseWithin(text: string, limits: MessageLimits): unknown {
  measure(text, limits);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new MillraceError('parse_error', 'Parse error: the body is not valid JSON', { cause });
  }
  if (SUSPICIOUS.test(text)) refusePollution(parsed);
  return parsed;
}

/** Looks at the marks between the values only, which is much faster than parsing. */
function measure(text: string, limits: MessageLimits): void {
  const { maxJsonDepth, maxJsonKeys, maxJsonValues } = limits;
  let depth = 0;
  let keys = 0;
  let values = 1;
  for (let at = 0; at < text.length; at += 1) {
    const mark = text.charCodeAt(at);
    if (mark === QUOTE) at = endOfString(text, at, limits.maxStringLength);
    else if (mark === COLON) keys += 1;
    else if (mark === COMMA) values += 1;
    else if (NESTING[mark] !== 0) {
      depth += NESTING[mark] as number;
      values += 0.5; // once at each end
      if (depth > maxJsonDepth) throw tooMuch('maxJsonDepth', maxJsonDepth, 'levels of objects and arrays');
    }
  }
  if (keys > maxJsonKeys) throw tooMuch('maxJsonKeys', maxJsonKeys, 'members of objects');
  if (values > maxJsonValues) throw tooMuch('maxJsonValues', maxJsonValues, 'values');
}

/** @returns where the string that begins at `from` ends; the end of the text where it does not */
function endOfString(text: string, from: number, maxLength: number): number {
  let end = text.indexOf('"', from + 1);
  while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  if (end < 0) end = text.length;
  if (end - from - 1 > maxLength) throw tooMuch('maxStringLength', maxLength, 'characters in a string');
  return end;
}

function isEscaped(text: string, quote: number): boolean {
  let before = quote - 1;
  while (text.charCodeAt(before) === BACKSLASH) before -= 1;
  return (quote - before) % 2 === 0;
}

function tooMuch(limit: keyof MessageLimits, value: number, what: string): MillraceError {
  const details = { limit, value };
  return new MillraceError('invalid_request', `The message has more than ${value} ${what} (${limit})`, {
    details,
  });
}

/** Keys that reach the prototype of an object in code that copies members without care. */
function refusePollution(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) refusePollution(item);
  if (!isJsonObject(value)) return;
  for (const [key, member] of Object.entries(value)) {
    if (
      key === '__proto__' ||
      (key === 'constructor' && isJsonObject(member) && Object.hasOwn(member, 'prototype'))
    ) {
      throw new MillraceError('invalid_request', `The message has a key that is not taken: ${key}`, {
        details: { field: key },
      });
    }
    refusePollution(member);
  }
}
