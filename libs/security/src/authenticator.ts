import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '@millrace/protocol';
import { API_KEY_PREFIX } from './api-key.ts';
import type { KeyRing } from './key-ring.ts';
import { unauthenticated } from './refusal.ts';
import type { TokenVerifier } from './token-verifier.ts';

/** What a client shows. */
type Credential = { readonly kind: 'api-key' | 'token'; readonly text: string };

const BEARER = /^Bearer +([!-~]+) *$/i;

export interface AuthenticatorOptions {
  /** Absent where API keys are not taken. */
  readonly keyRing?: Pick<KeyRing, 'authenticate'> | undefined;
  /** Absent where tokens are not taken. */
  readonly tokens?: Pick<TokenVerifier, 'authenticate'> | undefined;
}

/** Tells from the headers of a request who makes it, by whichever of the methods that are on. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /**
   * @returns the caller, at once when the credential is known
   * @throws MillraceError, or rejects with one: `unauthenticated` and its like
   */
  authenticate(headers: IncomingHttpHeaders): Caller | Promise<Caller> {
    const { kind, text } = credentialOf(headers);
    const { keyRing, tokens } = this.#options;
    if (kind === 'api-key' && keyRing) return keyRing.authenticate(text);
    if (kind === 'token' && tokens) return tokens.authenticate(text);
    throw unauthenticated('Credentials of this kind are not taken here', 'invalid_token');
  }
}

/** An API key may come in a header of its own, or as every bearer token does. */
function credentialOf(headers: IncomingHttpHeaders): Credential {
  const { authorization } = headers;
  const apiKey = headers['x-api-key'];
  if (apiKey !== undefined && authorization !== undefined) {
    throw unauthenticated('Send one credential, not two', 'invalid_request');
  }
  if (apiKey !== undefined) return { kind: 'api-key', text: String(apiKey) };
  if (authorization === undefined) throw unauthenticated('Authentication is required');
  const [, text] = BEARER.exec(authorization) ?? [];
  if (text === undefined)
    throw unauthenticated('Authorization: expected Bearer and a token', 'invalid_request');
  return { kind: text.startsWith(API_KEY_PREFIX) ? 'api-key' : 'token', text };
}
