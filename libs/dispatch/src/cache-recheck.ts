import type { CallPolicy, Pass, Passage } from './call-policies.ts';
import type { Route } from './router.ts';

/**
 * Looks into the cache once more for the call that leads identical ones. One like it may have ended after the first
 * look and before this one took off; what that left in the cache would otherwise be worked out a second time.
 */
export const cacheRecheck: CallPolicy = {
  appliesTo: ({ policies, dedup }: Route) => policies?.cache !== undefined && dedup !== undefined,

  pass(passage: Passage, next: Pass): void | Promise<void> {
    const found = passage.lookAgain?.();
    if (found instanceof Promise) return found.then((text) => deliver(text, passage, next));
    return deliver(found, passage, next);
  },
};

function deliver(text: string | undefined, passage: Passage, next: Pass): void | Promise<void> {
  if (text === undefined) return next(passage);
  // It is the answer of another call, and kept already.
  passage.answer.follows?.();
  passage.answer.result(text);
}
