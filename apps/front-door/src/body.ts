import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { MillraceError } from '@millrace/protocol';

/** Told the body as text, or why there is none: once, and never both. */
export interface BodyReader {
  readonly onBody: (text: string) => void;
  readonly onRefused: (error: MillraceError) => void;
}

/**
 * Reads a request body as text. A promise would cost every request two turns of the microtask queue.
 *
 * @param maxBytes more than that is refused as soon as it shows: `body_too_large`; a client that goes away half-way
 * gives `parse_error`
 */
export function readBody(request: IncomingMessage, maxBytes: number, reader: BodyReader): void {
  if (Number(request.headers['content-length']) > maxBytes) {
    reader.onRefused(tooLarge(maxBytes));
    return;
  }
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  let bytes = 0;
  let settled = false;
  request.on('data', (chunk: Buffer) => {
    if (settled) return;
    bytes += chunk.length;
    if (bytes > maxBytes) {
      settled = true;
      reader.onRefused(tooLarge(maxBytes));
    } else if (first === undefined) first = chunk;
    else {
      more ??= [first];
      more.push(chunk);
    }
  });
  request.on('end', () => {
    if (settled) return;
    settled = true;
    const body = more ? Buffer.concat(more) : first;
    // Replacement characters would make one text of several: what one part checks must be what another one runs.
    if (body && !isUtf8(body)) reader.onRefused(new MillraceError('parse_error', 'The body is not UTF-8'));
    else reader.onBody(body?.toString('utf8') ?? '');
  });
  request.on('error', (cause) => {
    if (settled) return;
    settled = true;
    reader.onRefused(new MillraceError('parse_error', 'The body broke off', { cause }));
  });
}

function tooLarge(maxBytes: number): MillraceError {
  return new MillraceError('body_too_large', `The body exceeds ${maxBytes} bytes`);
}
