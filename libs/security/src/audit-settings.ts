import { z } from 'zod';

/** Settings of the audit log, which front doors and workers share. */
export const AUDIT_SETTINGS = {
  /** Where records go; nowhere unless given. */
  audit: z.array(z.enum(['redis', 'file', 'stdout'])).default([]),
  /** The file that records are appended to, with `file`. */
  auditPath: z.string().default(''),
  /** What happens to requests whose record cannot be written: they are served and the record is counted, or refused. */
  auditOnFailure: z.enum(['count', 'block']).default('count'),
  /** Names of arguments that no record shows, beside those that look like secrets. */
  auditRedact: z.array(z.string().min(1)).default([]),
} as const;

const schema = z.object(AUDIT_SETTINGS);

export type AuditSettings = Readonly<z.output<typeof schema>>;

/** Checks what the fields say together. */
export function checkAudit({ audit, auditPath }: AuditSettings, context: z.core.$RefinementCtx): void {
  if (!audit.includes('file') || auditPath !== '') return;
  context.addIssue({
    code: 'custom',
    path: ['auditPath'],
    message: 'expected a path, since MILLRACE_AUDIT has file',
  });
}
