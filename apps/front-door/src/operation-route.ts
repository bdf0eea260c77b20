import type { Operations } from '@millrace/broker';
import type { AdminAnswer } from '@millrace/service';

/** Answers what an operator asks for; `parts` are those of the path below the route. */
export type OperationRoute = (
  operations: Operations,
  parts: readonly (string | undefined)[],
  url: URL,
) => Promise<AdminAnswer>;
