import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWTHeaderParameters,
  SignJWT,
  UnsecuredJWT,
} from 'jose';

/** The resource that tokens must be for. */
export const RESOURCE = 'http://127.0.0.1:8080/mcp';

const HEADER = { alg: 'RS256', kid: 'k1' };

/** An issuer of access tokens with one key, and forgeries of its tokens. */
export class TokenIssuer {
  readonly url: string;
  /** A token that is good. */
  readonly good: string;
  /** Tokens that are not, by what is wrong with them. */
  readonly forged: Readonly<Record<string, string>>;
  readonly #server: Server;

  static async start(): Promise<TokenIssuer> {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
    const server = createServer((_, response) => response.end(JSON.stringify({ keys: [jwk] })));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const pem = Buffer.from(await exportSPKI(publicKey));
    const stranger = await generateKeyPair('RS256');
    const claims = (audience = RESOURCE, issuer = url, header: JWTHeaderParameters = HEADER, expiry = '1h') =>
      new SignJWT({ scope: 'execute:tools read:resources' })
        .setProtectedHeader(header)
        .setSubject('fuzz')
        .setIssuer(issuer)
        .setAudience(audience)
        .setExpirationTime(expiry);
    const good = await claims().sign(privateKey);
    const [head, payload, signature = ''] = good.split('.');
    const forged = {
      'alg none': new UnsecuredJWT({ scope: 'admin:access' })
        .setSubject('fuzz')
        .setIssuer(url)
        .setAudience(RESOURCE)
        .setExpirationTime('1h')
        .encode(),
      'public key as secret': await claims(RESOURCE, url, { alg: 'HS256', kid: 'k1' }).sign(pem),
      'wrong audience': await claims('https://other.example/mcp').sign(privateKey),
      'wrong issuer': await claims(RESOURCE, 'https://evil.example').sign(privateKey),
      expired: await claims(RESOURCE, url, HEADER, '-2h').sign(privateKey),
      'key of a stranger': await claims().sign(stranger.privateKey),
      'key brought along': await claims(RESOURCE, url, {
        alg: 'RS256',
        jwk: await exportJWK(stranger.publicKey),
      }).sign(stranger.privateKey),
      'signature of another': `${head}.${payload}.${signature.slice(0, -6)}AAAAAA`,
      'changed claims': `${head}.${Buffer.from('{"sub":"root","scope":"admin:access"}').toString('base64url')}.${signature}`,
      'no signature': `${head}.${payload}.`,
    };
    return new TokenIssuer(server, url, good, forged);
  }

  private constructor(server: Server, url: string, good: string, forged: Readonly<Record<string, string>>) {
    this.#server = server;
    this.url = url;
    this.good = good;
    this.forged = forged;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
