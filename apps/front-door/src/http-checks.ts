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

export interface HostRules {
  /** The address that the front door listens on; on loopback only known names are served. */
  readonly listenHost: string;
  /** Further host names; where it does not listen on loopback, the only ones, or any where there are none. */
  readonly allowedHosts?: readonly string[];
  /** The URL that clients know the front door by, where there is one; its host name is served, too. */
  readonly publicUrl?: string;
  /** Whether pages of an origin may come in, whatever their host; none unless given. */
  readonly allowsOrigin?: (origin: string) => boolean;
}

/**
 * Keeps pages of other sites from reaching a front door, be it by its address, or by a name of their own that resolves to
 * it (DNS rebinding). Browsers say from which page a request comes: it must be one of a known host name, wherever the
 * front door listens. Programs say nothing of the kind, and are asked for the name that they call it by only.
 */
export class HostCheck {
  readonly #hosts: string[] | undefined;
  readonly #pages: string[];
  /** Headers that passed: clients send the same ones each time, and the check parses URLs. */
  readonly #passed = new Set<string>();
  readonly #allowsOrigin: (origin: string) => boolean;

  constructor({ listenHost, allowedHosts = [], publicUrl = '', allowsOrigin = () => false }: HostRules) {
    this.#allowsOrigin = allowsOrigin;
    const local = localhostAllowedHostnames();
    const named = [...allowedHosts, ...(publicUrl === '' ? [] : [new URL(publicUrl).hostname])];
    this.#pages = [...local, ...named];
    if (local.includes(listenHost) || listenHost === '::1') this.#hosts = this.#pages;
    else this.#hosts = allowedHosts.length > 0 ? named : undefined;
  }

  /** @throws MillraceError `forbidden_host` */
  check({ headers: { host, origin } }: IncomingMessage): void {
    if (!this.#hosts && origin === undefined) return;
    const key = `${host} ${origin}`;
    if (this.#passed.has(key)) return;
    if (this.#hosts && !validateHostHeader(host, this.#hosts).ok) throw forbidden('Host', host);
    if (origin !== undefined && !this.#knows(origin)) throw forbidden('Origin', origin);
    if (this.#passed.size >= CAPACITY) this.#passed.clear();
    this.#passed.add(key);
  }

  #knows(origin: string): boolean {
    return this.#allowsOrigin(origin) || validateOriginHeader(origin, this.#pages).ok;
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
