import { MillraceError } from '@millrace/protocol';
import type { Clock, Logger } from '@millrace/service';
import {
  type CryptoKey,
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type FlattenedJWSInput,
  type JWTHeaderParameters,
} from 'jose';

export interface IssuerKeysOptions {
  readonly issuer: string;
  /** Where the keys are; found in the metadata of the issuer unless given. */
  readonly jwksUri?: string;
  /** How long keys count without being read again, in milliseconds. */
  readonly maxAgeMs?: number;
  /** How long they count on while the issuer does not answer, in milliseconds. */
  readonly staleMs?: number;
  /** Between two reads because of a key that is not known, or after a read that failed, in milliseconds. */
  readonly cooldownMs?: number;
  readonly timeoutMs?: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

type RemoteSet = ReturnType<typeof createRemoteJWKSet>;

const MAX_AGE_MS = 600_000;
const STALE_MS = 3_600_000;
const COOLDOWN_MS = 30_000;
const TIMEOUT_MS = 5_000;

/** After a read that failed the next one waits for that, or every request would wait for the issuer. */
const FAILURE_REST_MS = 2_000;

/** Where an issuer says where its keys are (OpenID Connect Discovery, RFC 8414). */
const METADATA_PATHS = ['openid-configuration', 'oauth-authorization-server'];

/** The public keys of one issuer, kept while they are good, and for a while longer when the issuer is away. */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #remote: RemoteSet | undefined;
  #goodAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /**
   * @returns the key that signed a token
   * @throws JOSEError when the issuer has no such key
   * @throws MillraceError `authentication_unavailable` when that cannot be told
   */
  async find(header: JWTHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const { clock, logger, issuer } = this.#options;
    const rests = clock.now() - this.#failedAt < FAILURE_REST_MS;
    if (rests) return this.#stale(header, token, undefined);
    try {
      const remote = await this.#remoteSet();
      const key = await remote(header, token);
      this.#goodAt = clock.now();
      return key;
    } catch (error) {
      if (isAboutToken(error)) throw error;
      this.#failedAt = clock.now();
      logger.warn({ err: error, issuer }, 'the keys of the issuer cannot be read');
      return this.#stale(header, token, error);
    }
  }

  /** While the issuer is away, its last keys count; one that is not among them may be new. */
  async #stale(header: JWTHeaderParameters, token: FlattenedJWSInput, cause: unknown): Promise<CryptoKey> {
    const { staleMs = STALE_MS, clock } = this.#options;
    const keys = this.#remote?.jwks();
    if (!keys || clock.now() - this.#goodAt > staleMs) throw unavailable(cause);
    try {
      return await createLocalJWKSet(keys)(header, token);
    } catch (error) {
      throw error instanceof errors.JWKSNoMatchingKey ? unavailable(cause ?? error) : error;
    }
  }

  async #remoteSet(): Promise<RemoteSet> {
    if (this.#remote) return this.#remote;
    const { maxAgeMs = MAX_AGE_MS, cooldownMs = COOLDOWN_MS, timeoutMs = TIMEOUT_MS } = this.#options;
    const url = new URL(this.#options.jwksUri ?? (await this.#discover(timeoutMs)));
    this.#remote ??= createRemoteJWKSet(url, {
      cacheMaxAge: maxAgeMs,
      cooldownDuration: cooldownMs,
      timeoutDuration: timeoutMs,
    });
    return this.#remote;
  }

  async #discover(timeoutMs: number): Promise<string> {
    const { issuer } = this.#options;
    let cause: unknown;
    for (const path of METADATA_PATHS) {
      try {
        return await jwksUriOf(issuer, metadataUrl(issuer, path), AbortSignal.timeout(timeoutMs));
      } catch (error) {
        cause = error;
      }
    }
    throw new Error(`the metadata of ${issuer} could not be read`, { cause });
  }
}

async function jwksUriOf(issuer: string, url: URL, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  const metadata = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
  if (metadata.issuer !== issuer) throw new Error(`${url} is of another issuer: ${metadata.issuer}`);
  if (typeof metadata.jwks_uri !== 'string') throw new Error(`${url} names no jwks_uri`);
  return metadata.jwks_uri;
}

/** OpenID Connect appends the path to that of the issuer, RFC 8414 puts it before. */
function metadataUrl(issuer: string, name: string): URL {
  const base = new URL(issuer);
  const path = base.pathname.replace(/\/$/, '');
  const wellKnown = `/.well-known/${name}`;
  return new URL(name === METADATA_PATHS[0] ? `${path}${wellKnown}` : `${wellKnown}${path}`, base);
}

/** What the issuer answered is all there is to know; everything else is a failure to ask. */
function isAboutToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}

function unavailable(cause: unknown): MillraceError {
  return new MillraceError('authentication_unavailable', 'The keys of the issuer of tokens cannot be read', {
    cause,
    retryAfterMs: FAILURE_REST_MS,
  });
}
