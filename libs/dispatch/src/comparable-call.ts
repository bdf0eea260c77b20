import { callKey, type Scope } from '@millrace/protocol';
import type { Passage } from './call-policies.ts';
import { becomesTask } from './tasks-extension.ts';

/** Comparing larger requests would hold up all others, in bytes. */
const MAX_BYTES = 262_144;

/** Names what a call asks for, see `callKey`; undefined for one that has to be made for its client alone. */
export function comparableKey({ request, route, idempotency }: Passage, scope: Scope): string | undefined {
  if (idempotency !== undefined || request.bytes > MAX_BYTES || becomesTask(request, route)) return undefined;
  return callKey(request, route.target, scope);
}
