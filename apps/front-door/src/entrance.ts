import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import {
  ApiKeyTable,
  connectFailFast,
  disconnect,
  type Keys,
  type RedisSource,
  whenReady,
} from '@millrace/broker';
import { type Caller, MillraceError, type SealCalls } from '@millrace/protocol';
import {
  AccessPolicy,
  Authenticator,
  ClusterKeys,
  challengeOf,
  frontDoorSeals,
  IssuerKeys,
  KeyRing,
  methodsOf,
  NO_AUTHORIZATION,
  ResourceMetadata,
  TokenVerifier,
} from '@millrace/security';
import { type Logger, type Metrics, type Service, systemClock } from '@millrace/service';
import type { FrontDoorConfig } from './config.ts';

export interface EntranceOptions {
  readonly config: FrontDoorConfig;
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly metrics: Metrics;
}

/** Scopes that a client without any is told to ask for. */
const FIRST_SCOPES = ['read:resources', 'execute:tools'];

/** Who may enter a front door: checks credentials, and vouches for calls before the workers. */
export class Entrance implements Service {
  readonly seal: SealCalls;
  /** Absent where tokens are not taken. */
  readonly metadata: ResourceMetadata | undefined;
  /** The value of `WWW-Authenticate` for a refusal, where there is one. */
  readonly challenge: (error: MillraceError) => string | undefined;
  readonly #authenticator: Authenticator;
  readonly #keyRing: KeyRing | undefined;
  readonly #redis: ReturnType<typeof connectFailFast>;
  readonly #metrics: Metrics;

  /** @returns undefined where nobody is authenticated */
  static of(options: EntranceOptions): Entrance | undefined {
    return methodsOf(options.config).length > 0 ? new Entrance(options) : undefined;
  }

  private constructor(options: EntranceOptions) {
    const { config, source, keys, metrics } = options;
    this.#metrics = metrics;
    const methods = methodsOf(config);
    const clusterKeys = new ClusterKeys(config.envelopeKey, config.previousEnvelopeKey);
    const policy = new AccessPolicy(config.authorization ?? NO_AUTHORIZATION);
    this.#redis = connectFailFast(source, 'api-keys');
    const records = new ApiKeyTable(this.#redis, keys);
    const { logger } = source;
    const onKey = counter(metrics, 'api-key');
    this.#keyRing = methods.includes('api-key')
      ? new KeyRing({ records, policy, keys: clusterKeys, clock: systemClock, logger, onChecked: onKey })
      : undefined;
    const tokens = methods.includes('jwt') ? tokenVerifier(options, policy, logger) : undefined;
    this.#authenticator = new Authenticator({ keyRing: this.#keyRing, tokens });
    this.seal = frontDoorSeals(clusterKeys);
    this.metadata = tokens && metadataOf(config, policy);
    const metadataUrl = this.metadata?.url;
    this.challenge = (error) => challengeOf(error, { metadataUrl, scopes: FIRST_SCOPES });
  }

  /**
   * @returns who makes a request with these headers, at once when the credential is known
   * @throws MillraceError, or rejects with one
   */
  identify(headers: IncomingHttpHeaders): Caller | Promise<Caller> {
    try {
      const caller = this.#authenticator.authenticate(headers);
      return caller instanceof Promise ? caller.catch((error) => this.#refuse(error)) : caller;
    } catch (error) {
      return this.#refuse(error);
    }
  }

  async start(): Promise<void> {
    if (!this.#keyRing) return;
    await whenReady(this.#redis);
    await this.#keyRing.start();
  }

  async stop(): Promise<void> {
    await this.#keyRing?.stop();
    disconnect(this.#redis);
  }

  #refuse(error: unknown): never {
    if (error instanceof MillraceError) this.#metrics.refused.inc({ reason: error.kind });
    throw error;
  }
}

/** The headers that tell who opens a connection; the others need not be kept. */
export function credentialsOf({ headers }: IncomingMessage): IncomingHttpHeaders {
  const { authorization } = headers;
  const apiKey = headers['x-api-key'];
  return {
    ...(authorization !== undefined && { authorization }),
    ...(apiKey !== undefined && { 'x-api-key': apiKey }),
  };
}

/** Serves the metadata of the protected resource, to everybody. */
export function serveMetadata(
  { body }: ResourceMetadata,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'max-age=3600' });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function tokenVerifier(
  { config, metrics }: EntranceOptions,
  policy: AccessPolicy,
  logger: Logger,
): TokenVerifier {
  const { jwtIssuer: issuer, jwtJwksUri: jwksUri, jwtAudience, jwtTenantClaim, jwtRolesClaim } = config;
  const keys = new IssuerKeys({ issuer, ...(jwksUri && { jwksUri }), clock: systemClock, logger });
  return new TokenVerifier({
    rules: {
      issuer,
      audience: jwtAudience.length > 0 ? jwtAudience : [config.publicUrl],
      algorithms: config.jwtAlgorithms,
      clockSkewMs: config.jwtClockSkewMs,
      ...(jwtTenantClaim && { tenantClaim: jwtTenantClaim }),
      ...(jwtRolesClaim && { rolesClaim: jwtRolesClaim }),
    },
    keys: (header, token) => keys.find(header, token),
    policy,
    clock: systemClock,
    onChecked: counter(metrics, 'jwt'),
  });
}

function metadataOf(
  { publicUrl, jwtIssuer, serverName }: FrontDoorConfig,
  policy: AccessPolicy,
): ResourceMetadata {
  return new ResourceMetadata({
    url: publicUrl,
    issuers: [jwtIssuer],
    scopes: policy.scopes,
    name: serverName,
  });
}

function counter({ authentications }: Metrics, method: string): (accepted: boolean) => void {
  return (accepted) => authentications.inc({ method, outcome: accepted ? 'accepted' : 'refused' });
}
