import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/server';

/** Protocol revisions are dates, so the order of the strings is the order in time. */
export type Revision = string;

/** `modern` revisions are stateless and carry a `_meta` envelope; `session` revisions begin with `initialize`. */
export type Era = 'modern' | 'session';

/** The first stateless revision. */
export const MODERN_REVISION: Revision = '2026-07-28';

/** The stateless revisions that the front door serves, newest first. */
export const MODERN_REVISIONS: readonly Revision[] = [MODERN_REVISION];

/** The revisions that begin with `initialize`, newest first. 2024-11-05 speaks a transport that we do not serve. */
export const SESSION_REVISIONS: readonly Revision[] = SUPPORTED_PROTOCOL_VERSIONS.filter(
  (revision) => revision < MODERN_REVISION && revision >= '2025-03-26',
);

/** What a client that asks for a revision we do not know is offered. */
export const NEWEST_SESSION_REVISION: Revision = '2025-11-25';

/** All served revisions, newest first; what an `unsupported version` error lists. */
export const REVISIONS: readonly Revision[] = [...MODERN_REVISIONS, ...SESSION_REVISIONS];

/** What a request without any version is taken for (the specification's default for HTTP). */
export const DEFAULT_SESSION_REVISION: Revision = '2025-03-26';

export function eraOf(revision: Revision): Era {
  return revision >= MODERN_REVISION ? 'modern' : 'session';
}
