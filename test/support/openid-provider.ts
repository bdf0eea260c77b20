import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { Provider } from 'oidc-provider';

/** Clients of the provider: their tokens carry these claims. */
const CLIENTS = {
  agent: {},
  roaming: { tenant: 'acme', groups: ['adder', 'unheard of'] },
} as const;

export type ClientName = keyof typeof CLIENTS;

const SCOPES = 'read:resources execute:tools notes openid';
const SECRET = 'a client secret of the tests, long enough';

export interface OpenIdProviderOptions {
  /** How long its tokens are good, in seconds; 60 unless given. */
  readonly tokenTtl?: number;
}

/** A real OpenID provider on this machine, which gives clients access tokens for any resource. */
export class OpenIdProvider {
  readonly issuer: string;
  /** Times that the keys were read. */
  keyReads = 0;
  readonly #server: Server;
  readonly #tokenTtl: number;
  #handler: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;

  static async start({ tokenTtl = 60 }: OpenIdProviderOptions = {}): Promise<OpenIdProvider> {
    const server = createServer((request, response) => provider.#serve(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const provider = new OpenIdProvider(server, tokenTtl);
    await provider.rotateKeys();
    return provider;
  }

  private constructor(server: Server, tokenTtl: number) {
    this.#server = server;
    this.#tokenTtl = tokenTtl;
    this.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** From now on tokens are signed with another key, and the old one is not published any more. */
  async rotateKeys(): Promise<void> {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const key: JWK = {
      ...(await exportJWK(privateKey)),
      use: 'sig',
      alg: 'RS256',
      kid: String(Math.random()),
    };
    this.#handler = this.#providerWith(key).callback();
  }

  /** Does not answer any more, until the next `rotateKeys`. */
  fail(): void {
    this.#handler = undefined;
  }

  /** What a client gets for its secret. */
  async token(client: ClientName, resource: string, scope?: string): Promise<string> {
    const response = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: client,
        client_secret: SECRET,
        resource,
        ...(scope !== undefined && { scope }),
      }),
    });
    const answer = (await response.json()) as { access_token?: string };
    if (answer.access_token === undefined) throw new Error(`no token: ${JSON.stringify(answer)}`);
    return answer.access_token;
  }

  get clientSecret(): string {
    return SECRET;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/jwks') this.keyReads += 1;
    if (this.#handler) this.#handler(request, response);
    else response.writeHead(500).end();
  }

  #providerWith(key: JWK): Provider {
    return new Provider(this.issuer, {
      jwks: { keys: [key] as never },
      clients: Object.keys(CLIENTS).map((client_id) => ({
        client_id,
        client_secret: SECRET,
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      })),
      cookies: { keys: [SECRET] },
      scopes: SCOPES.split(' '),
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_context, resource) => ({
            scope: SCOPES,
            audience: resource,
            accessTokenFormat: 'jwt',
            accessTokenTTL: this.#tokenTtl,
            jwt: { sign: { alg: 'RS256' } },
          }),
        },
      },
      ttl: { ClientCredentials: this.#tokenTtl },
      extraTokenClaims: (_context, token) => CLIENTS[token.clientId as ClientName],
    });
  }
}
