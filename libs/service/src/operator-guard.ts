import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { AdminAnswer } from './admin-server.ts';
import { isLoopback } from './loopback.ts';

export interface OperatorGuardOptions {
  /** Address that the admin server listens on. */
  readonly host: string;
  /** What operators show as `Authorization: Bearer …`; empty: nothing, where only this machine can ask. */
  readonly token: string;
}

/**
 * Keeps from what operators may see and do: whoever has no token, and web pages that were opened on this machine.
 * @returns what answers requests that may not pass
 */
export function operatorGuard({ host, token }: OperatorGuardOptions) {
  return (headers: IncomingHttpHeaders): AdminAnswer | undefined => {
    if (headers.origin !== undefined) return refusal(403, 'web pages may not do this');
    if (token !== '') {
      const shown = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
      return same(shown, token)
        ? undefined
        : refusal(401, 'expected Authorization: Bearer <MILLRACE_ADMIN_TOKEN>');
    }
    if (!isLoopback(host)) return refusal(403, 'set MILLRACE_ADMIN_TOKEN, which operators then show');
    const name = (headers.host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
    return isLoopback(name) ? undefined : refusal(403, `${name} is not a name of this machine`);
  };
}

function refusal(status: number, error: string): AdminAnswer {
  return { status, body: { error }, ...(status === 401 && { headers: { 'www-authenticate': 'Bearer' } }) };
}

/** Takes the same time however much of it is right. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
