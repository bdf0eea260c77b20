import { IDEMPOTENCY_META_KEY, isJsonObject, MillraceError } from '@millrace/protocol';
import { headerOf } from './headers.ts';
import type { InboundRequest } from './inbound.ts';

const HEADER = 'idempotency-key';
const META_FIELD = `_meta["${IDEMPOTENCY_META_KEY}"]`;
const MAX_LENGTH = 255;

/**
 * The key under which a client may make the same call again.
 *
 * @throws MillraceError `invalid_params` that names what is wrong with it
 */
export function idempotencyKeyOf({ params, headers }: InboundRequest): string | undefined {
  const { _meta } = params;
  const told = isJsonObject(_meta) ? _meta[IDEMPOTENCY_META_KEY] : undefined;
  const header = headers && unquoted(headerOf(headers, HEADER));
  if (told === undefined && header === undefined) return undefined;
  if (told !== undefined && header !== undefined && told !== header) {
    throw wrong(META_FIELD, 'not the same as the header Idempotency-Key', [META_FIELD, 'Idempotency-Key']);
  }
  return checked(told ?? header, told === undefined ? 'Idempotency-Key' : META_FIELD);
}

/** The header is a string of structured fields, which has quotation marks; most clients leave them out. */
function unquoted(header: string | undefined): string | undefined {
  return header !== undefined && /^".*"$/.test(header) ? header.slice(1, -1) : header;
}

function checked(key: unknown, field: string): string {
  if (typeof key === 'string' && key !== '' && key.length <= MAX_LENGTH) return key;
  throw wrong(field, `expected a text of 1 to ${MAX_LENGTH} characters`, [field]);
}

function wrong(field: string, problem: string, fields: readonly string[]): MillraceError {
  return new MillraceError('invalid_params', `${field}: ${problem}`, { details: { field, fields } });
}
