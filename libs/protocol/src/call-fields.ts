import { ANONYMOUS, type Call } from './call.ts';

/** What every line of a log says of the call that it belongs to. Put together only when a line is written. */
export function callFields({
  id,
  principal = ANONYMOUS,
  target,
  method,
  session,
  task,
  trace,
}: Call): Readonly<Record<string, string>> {
  return {
    call: id,
    tenant: principal.tenant,
    [method === 'tools/call' ? 'tool' : 'target']: target,
    ...(session !== undefined && { session }),
    ...(task !== undefined && { task }),
    ...(trace && { trace: trace.parent.split('-')[1] ?? '' }),
  };
}
