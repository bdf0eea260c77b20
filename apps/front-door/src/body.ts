import type { IncomingMessage } from 'node:http';
import { MillraceError } from '@millrace/protocol';

/**
 * Reads a request body as text.
 *
 * @param maxBytes more than that is refused as soon as it shows
 * @throws MillraceError `body_too_large`, or `parse_error` when the client went away half-way
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const refuse = () => reject(new MillraceError('body_too_large', `The body exceeds ${maxBytes} bytes`));
    if (Number(request.headers['content-length']) > maxBytes) return refuse();
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) refuse();
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(decode(chunks)));
    request.on('error', (cause) => reject(new MillraceError('parse_error', 'The body broke off', { cause })));
  });
}

function decode(chunks: readonly Buffer[]): string {
  const [only] = chunks;
  return chunks.length === 1 && only ? only.toString('utf8') : Buffer.concat(chunks).toString('utf8');
}
