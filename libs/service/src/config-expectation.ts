import { z } from 'zod';
import { unwrap } from './config-text.ts';

/** What a setting takes, in words that follow "expected". */
export function describeSchema(schema: unknown): string {
  const kind = unwrap(schema);
  if (kind instanceof z.ZodNumber) return describeNumber(kind);
  if (kind instanceof z.ZodBoolean) return 'true or false';
  if (kind instanceof z.ZodEnum) return `one of ${kind.options.join(', ')}`;
  if (kind instanceof z.ZodLiteral) return [...kind.values].join(' or ');
  if (kind instanceof z.ZodArray) return describeList(kind);
  if (kind instanceof z.ZodUnion) return kind.options.map(describeSchema).join(', or ');
  if (kind instanceof z.ZodObject) return `an object with ${Object.keys(kind.shape).join(', ')}`;
  if (kind instanceof z.ZodRecord) return `an object whose every value is ${describeSchema(kind.valueType)}`;
  if (kind instanceof z.ZodURL) return describeUrl(kind);
  return describeText(kind);
}

function describeNumber(kind: z.ZodNumber): string {
  const noun = kind.isInt ? 'a whole number' : 'a number';
  const [least, most] = [bound(kind.minValue), bound(kind.maxValue)];
  if (least !== undefined && most !== undefined) return `${noun} from ${least} to ${most}`;
  if (least !== undefined) return `${noun} ${isExclusive(kind, least) ? 'above' : 'of at least'} ${least}`;
  return most === undefined ? noun : `${noun} of at most ${most}`;
}

/** zod gives every number bounds; those of the number type itself say nothing to a user. */
function bound(limit: number | null): number | undefined {
  return limit === null || Math.abs(limit) >= Number.MAX_SAFE_INTEGER ? undefined : limit;
}

function isExclusive(kind: z.ZodNumber, least: number): boolean {
  return checksOf(kind).some((check) => check.value === least && check.inclusive === false);
}

function describeList(kind: z.ZodArray): string {
  const least = checksOf(kind).find(({ check }) => check === 'min_length')?.minimum;
  return `a comma-separated list${least ? ` of at least ${least}` : ''}, each ${describeSchema(kind.element)}`;
}

function describeUrl(kind: z.ZodURL): string {
  const { protocol } = kind._zod.def;
  return protocol ? `a URL whose scheme matches ${protocol.source}` : 'a URL';
}

function describeText(kind: unknown): string {
  if (kind instanceof z.ZodStringFormat && kind.format !== 'regex') return `text in the form ${kind.format}`;
  if (!(kind instanceof z.ZodString)) return 'a valid value';
  const { minLength, maxLength } = kind;
  if (minLength !== null && minLength > 1) return `text of at least ${minLength} characters`;
  return maxLength === null ? 'text that is not empty' : `text of at most ${maxLength} characters`;
}

interface CheckDefinition {
  readonly check: string;
  readonly value?: unknown;
  readonly inclusive?: boolean;
  readonly minimum?: number;
}

function checksOf(kind: z.ZodType): CheckDefinition[] {
  return (kind.def.checks ?? []).map((check) => check._zod.def as CheckDefinition);
}
