import { type Around, AuditedAnswer, failureOf, type InboundRequest } from '@millrace/dispatch';
import { isJsonObject, type MillraceError, useOf } from '@millrace/protocol';
import type { AuditLog, AuditRecord } from '@millrace/security';
import { redact, redactText } from '@millrace/service';

/** What is on record of requests; the rest only reads what is not secret, or keeps a connection alive. */
const AUDITED =
  /^(tools\/call|resources\/(read|subscribe)|prompts\/get|completion\/complete|tasks\/.+|initialize|subscriptions\/listen)$/;

/** `00-<trace id>-<span id>-<flags>`, as W3C has it. */
const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-/;

/** Refusals of those who were not let in; others are those of a request, whose end is on record. */
const DOOR = new Set<string>(['unauthenticated', 'authentication_unavailable', 'forbidden_host']);

type Draft = Omit<AuditRecord, 'at' | 'event'>;

/** Puts requests on record, and what becomes of them. */
export class RequestAudit {
  readonly #log: AuditLog;
  readonly #secret: ReadonlySet<string>;

  /** @param secret names of arguments that no record shows */
  constructor(log: AuditLog, secret: readonly string[]) {
    this.#log = log;
    this.#secret = new Set(secret);
  }

  /** Stands around the handler of every method. */
  readonly around: Around = (request, answer, next) => {
    if (!AUDITED.test(request.method)) return next(request, answer);
    const draft = this.#draftOf(request);
    if (!this.#log.blocks) return this.#serve(request, draft, answer, next);
    return this.#log
      .write({ event: 'begun', ...draft })
      .then(() => this.#serve(request, draft, answer, next));
  };

  /** Notes who was not let in. */
  refused({ kind }: MillraceError, source: string | undefined): void {
    if (!DOOR.has(kind)) return;
    this.#log.add({
      event: 'refused',
      decision: 'denied',
      outcome: kind,
      ...(source !== undefined && { source }),
    });
  }

  #serve(
    request: InboundRequest,
    draft: Draft,
    answer: Parameters<Around>[1],
    next: Parameters<Around>[2],
  ): void | Promise<void> {
    const began = performance.now();
    const audited = new AuditedAnswer(answer, (outcome) => {
      const decision = outcome === 'permission_denied' ? 'denied' : 'allowed';
      const durationMs = Math.round((performance.now() - began) * 10) / 10;
      this.#log.add({ event: 'ended', ...draft, decision, outcome, durationMs });
    });
    const fail = (thrown: unknown): never => {
      audited.end(failureOf(thrown).kind);
      throw thrown;
    };
    try {
      return next(request, audited)?.catch(fail);
    } catch (thrown) {
      return fail(thrown);
    }
  }

  #draftOf({ id, method, params, principal, caller, source, headers }: InboundRequest): Draft {
    const name = useOf(method, params)?.name ?? params['taskId'];
    const meta = isJsonObject(params['_meta']) ? params['_meta'] : undefined;
    const [, traceId] =
      TRACEPARENT.exec(String(meta?.['traceparent'] ?? headers?.['traceparent'] ?? '')) ?? [];
    const args = params['arguments'];
    return {
      ...(caller && { principal: principal.id, tenant: principal.tenant }),
      method,
      ...(typeof name === 'string' && { name: redactText(name) }),
      ...(args !== undefined && { arguments: redact(args, this.#secret) }),
      ...(source !== undefined && { source }),
      requestId: redactText(String(id)),
      ...(traceId !== undefined && { traceId }),
    };
  }
}
