import type { MillraceError } from '@millrace/protocol';

export interface ChallengeOptions {
  /** Where the metadata of the protected resource is; absent when there are no tokens to be had. */
  readonly metadataUrl?: string | undefined;
  /** Scopes that a client should ask for at first. */
  readonly scopes: readonly string[];
}

/**
 * The value of `WWW-Authenticate` for a refusal (RFC 6750, RFC 9728).
 *
 * @returns undefined for what another credential would not help against
 */
export function challengeOf(error: MillraceError, options: ChallengeOptions): string | undefined {
  if (error.kind === 'unauthenticated') return unauthenticatedChallenge(error, options);
  const scope = error.details?.['scope'];
  if (error.kind !== 'permission_denied' || scope === undefined) return undefined;
  return challenge({
    error: 'insufficient_scope',
    error_description: error.message,
    scope: String(scope),
    resource_metadata: options.metadataUrl,
  });
}

function unauthenticatedChallenge(error: MillraceError, { metadataUrl, scopes }: ChallengeOptions): string {
  const problem = error.details?.['problem'];
  return challenge({
    error: problem === undefined ? undefined : String(problem),
    error_description: problem === undefined ? undefined : error.message,
    scope: metadataUrl === undefined ? undefined : scopes.join(' '),
    resource_metadata: metadataUrl,
  });
}

function challenge(parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  const texts = ['realm="millrace"', ...given.map(([name, value]) => `${name}="${quoted(value ?? '')}"`)];
  return `Bearer ${texts.join(', ')}`;
}

/** What may stand between the quotes (RFC 6750, section 3): names that a client made up go in, too. */
function quoted(text: string): string {
  return text.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?').slice(0, 300);
}
