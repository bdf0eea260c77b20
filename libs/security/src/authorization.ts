import { PERMISSIONS, type Permission } from '@millrace/protocol';
import { z } from 'zod';

const patterns = z.array(z.string().min(1));

const roleSchema = z.strictObject({
  permissions: z.array(z.enum(PERMISSIONS)).min(1),
  /** Patterns of names and URIs that the permissions are for; all unless given. */
  tools: patterns.default(['*']),
  resources: patterns.default(['*']),
  prompts: patterns.default(['*']),
});

/** Who may do what. Without any of it, there are only the roles that are named like the permissions. */
export const authorizationSchema = z
  .strictObject({
    /** Roles by name. Beside them each permission is a role of its own, for everything. */
    roles: z.record(z.string().min(1), roleSchema).default({}),
    /** Roles that a scope of a token gives, by scope. A scope that is named like a permission needs no line here. */
    scopes: z.record(z.string().min(1), z.array(z.string().min(1)).min(1)).default({}),
    /** All that anybody of a tenant may use, whatever their roles; a tenant that is not listed has no such bounds. */
    tenants: z
      .record(
        z.string().min(1),
        z.strictObject({
          tools: patterns.default(['*']),
          resources: patterns.default(['*']),
          prompts: patterns.default(['*']),
        }),
      )
      .default({}),
  })
  .superRefine(({ roles, scopes }, context) => {
    for (const role of Object.keys(roles)) {
      if (!isPermission(role)) continue;
      const message = `roles.${role}: a role of that name exists already, for everything`;
      context.addIssue({ code: 'custom', path: ['roles', role], message });
    }
    for (const [scope, named] of Object.entries(scopes)) {
      const unknown = named.filter((role) => !isPermission(role) && !Object.hasOwn(roles, role));
      if (unknown.length === 0) continue;
      const message = `scopes.${scope}: expected roles that are listed under "roles", not ${unknown.join(', ')}`;
      context.addIssue({ code: 'custom', path: ['scopes', scope], message });
    }
  });

export type Authorization = Readonly<z.output<typeof authorizationSchema>>;

export const NO_AUTHORIZATION: Authorization = { roles: {}, scopes: {}, tenants: {} };

export function isPermission(name: string): name is Permission {
  return PERMISSIONS.includes(name as Permission);
}
