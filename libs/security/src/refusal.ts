import { MillraceError } from '@millrace/protocol';

/** What is wrong with a credential, by the names of RFC 6750. */
export type CredentialProblem = 'invalid_token' | 'invalid_request';

/**
 * @param message what is wrong, in words that tell an attacker nothing new
 * @param problem absent when there was no credential at all
 */
export function unauthenticated(
  message: string,
  problem?: CredentialProblem,
  cause?: unknown,
): MillraceError {
  return new MillraceError('unauthenticated', message, { cause, ...(problem && { details: { problem } }) });
}
