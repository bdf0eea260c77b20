import type { IncomingMessage } from 'node:http';
import { MillraceError } from '@millrace/protocol';
import {
  isJsonContentType,
  localhostAllowedHostnames,
  validateHostHeader,
  validateOriginHeader,
} from '@modelcontextprotocol/server';

/** Values of Host and Origin remembered at most. */
const CAPACITY = 1_000;

/**
 * Keeps pages of other sites from reaching a front door through a name that resolves to it (DNS rebinding): only
 * requests for, and from, known host names are served.
 */
export class HostCheck {
  readonly #hosts: string[] | undefined;
  /** Headers that passed: clients send the same ones each time, and the check parses URLs. */
  readonly #passed = new Set<string>();
  readonly #allowsOrigin: (origin: string) => boolean;

  /**
   * @param listenHost the address that the front door listens on; on loopback only local names are served
   * @param allowedHosts further host names, or the only ones when it does not listen on loopback; empty for any
   * @param allowsOrigin whether pages of an origin may come in, whatever their host; none unless given
   */
  constructor(
    listenHost: string,
    allowedHosts: readonly string[],
    allowsOrigin: (origin: string) => boolean = () => false,
  ) {
    this.#allowsOrigin = allowsOrigin;
    const local = localhostAllowedHostnames();
    if (local.includes(listenHost) || listenHost === '::1') this.#hosts = [...local, ...allowedHosts];
    else this.#hosts = allowedHosts.length > 0 ? [...allowedHosts] : undefined;
  }

  /** @throws MillraceError `forbidden_host` */
  check({ headers: { host, origin } }: IncomingMessage): void {
    if (!this.#hosts) return;
    const key = `${host} ${origin}`;
    if (this.#passed.has(key)) return;
    if (!validateHostHeader(host, this.#hosts).ok) throw forbidden('Host', host);
    if (origin !== undefined && !this.#knows(origin, this.#hosts)) throw forbidden('Origin', origin);
    if (this.#passed.size >= CAPACITY) this.#passed.clear();
    this.#passed.add(key);
  }

  #knows(origin: string, hosts: string[]): boolean {
    return this.#allowsOrigin(origin) || validateOriginHeader(origin, hosts).ok;
  }
}

/** @throws MillraceError when a POST can be refused before its body is read */
export function checkPost(request: IncomingMessage): void {
  const { 'content-encoding': encoding, 'content-type': type } = request.headers;
  if (encoding !== undefined && encoding !== 'identity') {
    throw new MillraceError('unsupported_media_type', 'Content-Encoding: expected none');
  }
  if (type !== 'application/json' && !isJsonContentType(type ?? null)) {
    throw new MillraceError('unsupported_media_type', 'Content-Type: expected application/json');
  }
  if (!accepts(request, 'application/json') && !accepts(request, 'text/event-stream')) {
    throw new MillraceError('not_acceptable', 'Accept: expected application/json and text/event-stream');
  }
}

/** Whether the client takes this media type; one that does not say takes anything. */
export function accepts({ headers: { accept } }: IncomingMessage, mediaType: string): boolean {
  return accept === undefined || accept.includes(mediaType) || accept.includes('*/*');
}

/** Whether the client names a stream before JSON: the order of `Accept` is taken for a preference. */
export function prefersStream({ headers: { accept = '' } }: IncomingMessage): boolean {
  const stream = accept.indexOf('text/event-stream');
  return stream >= 0 && stream < accept.indexOf('application/json');
}

function forbidden(header: string, value: string | undefined): MillraceError {
  return new MillraceError('forbidden_host', `${header}: ${value ?? 'missing'} is not served here`);
}
