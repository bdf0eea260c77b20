export interface HttpResponse {
  readonly status: number;
  readonly body: string;
}

const HEAD_END = '\r\n\r\n';

/**
 * Reads one HTTP/1.1 response out of `text` (latin1, so that a character is a byte). Gives nothing while it is
 * incomplete. Throws on what the generator does not expect: bytes after the end, or a body without a length.
 */
export function parseResponse(text: string): HttpResponse | undefined {
  const headEnd = text.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = text.slice(0, headEnd);
  const bodyStart = headEnd + HEAD_END.length;
  const body = /\r\ntransfer-encoding: *chunked/i.test(head)
    ? chunkedBody(text, bodyStart)
    : sizedBody(text, bodyStart, contentLength(head));
  return body === undefined ? undefined : { status: Number(head.slice(9, 12)), body };
}

function contentLength(head: string): number {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`response without a length: ${head}`);
  return Number(length);
}

function sizedBody(text: string, start: number, length: number): string | undefined {
  const end = start + length;
  if (text.length < end) return undefined;
  if (text.length > end) throw new Error(`bytes after the end of a response: ${text.slice(end, end + 80)}`);
  return text.slice(start, end);
}

function chunkedBody(text: string, start: number): string | undefined {
  let body = '';
  for (let at = start; ; ) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    const chunk = lineEnd + 2;
    const next = chunk + size + 2;
    if (text.length < next) return undefined;
    if (size === 0) return sizedBody(text, next, 0) === undefined ? undefined : body;
    body += text.slice(chunk, chunk + size);
    at = next;
  }
}
