import { redact, redactText } from '@millrace/service';
import { type DeadLetter, tenantOf } from './dead-letters.ts';

/**
 * All of a letter that operators are shown: what was sent with the call is without secrets, as in the audit log, and cut
 * where it is long. The seal grants something, and is nobody's business.
 */
export function viewOf(letter: DeadLetter) {
  const { seal, params, ...call } = letter.call;
  return {
    ...letter,
    tenant: tenantOf(letter),
    reason: redactText(letter.reason),
    call: { ...call, target: redactText(call.target), params: redact(params) },
  };
}

/** A letter as lists show it: without what was sent with the call. */
export function summaryOf(letter: DeadLetter) {
  const { call, ...view } = viewOf(letter);
  const { id, method, target, principal } = call;
  return { ...view, call: { id, method, target, ...(principal && { principal }) } };
}
