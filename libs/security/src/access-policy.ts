import {
  type Access,
  type AccessKind,
  PERMISSION_FOR,
  PERMISSIONS,
  type Permission,
  type Principal,
} from '@millrace/protocol';
import { LRUCache } from 'lru-cache';
import { type Authorization, isPermission } from './authorization.ts';
import { climbs, matches, mayOverlap } from './pattern.ts';

/** Sets of roles that are remembered, with what they allow. */
const REMEMBERED = 1_000;

const ALL = ['*'];

/** Patterns of the names that something is about. */
type Scope = Readonly<Record<AccessKind, readonly string[]>>;

interface Grant extends Scope {
  readonly permissions: ReadonlySet<Permission>;
}

const EVERYTHING: Scope = { tool: ALL, resource: ALL, prompt: ALL };

/** What each role allows, within the bounds of each tenant. What nothing allows is denied. */
export class AccessPolicy {
  readonly #grants = new Map<string, Grant>();
  readonly #scopes: ReadonlyMap<string, readonly string[]>;
  readonly #bounds: ReadonlyMap<string, Scope>;
  readonly #known = new LRUCache<string, Access>({ max: REMEMBERED });

  constructor({ roles, scopes, tenants }: Authorization) {
    for (const name of PERMISSIONS) {
      this.#grants.set(name, { ...EVERYTHING, permissions: new Set([name]) });
    }
    for (const [name, role] of Object.entries(roles)) {
      this.#grants.set(name, { ...scopeOf(role), permissions: new Set(role.permissions) });
    }
    this.#scopes = new Map(Object.entries(scopes));
    this.#bounds = new Map(Object.entries(tenants).map(([tenant, bounds]) => [tenant, scopeOf(bounds)]));
  }

  /** Scopes that a token may carry to be let in. */
  get scopes(): readonly string[] {
    return [...PERMISSIONS, ...this.#scopes.keys()];
  }

  knows(role: string): boolean {
    return this.#grants.has(role);
  }

  /** The roles that the scopes of a token give; a scope that is none of ours gives none. */
  rolesOf(scopes: readonly string[]): string[] {
    return scopes.flatMap((scope) => this.#scopes.get(scope) ?? (isPermission(scope) ? [scope] : []));
  }

  accessOf({ tenant, roles = [] }: Principal): Access {
    const bounds = this.#bounds.get(tenant);
    const held = [...new Set(roles)].filter((role) => this.#grants.has(role)).sort();
    const key = JSON.stringify([bounds ? tenant : null, ...held]);
    const known = this.#known.get(key);
    if (known) return known;
    const grants = held.map((role) => this.#grants.get(role)).filter((grant) => grant !== undefined);
    const access = new GrantedAccess(key, grants, bounds ?? EVERYTHING);
    this.#known.set(key, access);
    return access;
  }
}

class GrantedAccess implements Access {
  readonly key: string;
  readonly #grants: readonly Grant[];
  readonly #bounds: Scope;

  constructor(key: string, grants: readonly Grant[], bounds: Scope) {
    this.key = key;
    this.#grants = grants;
    this.#bounds = bounds;
  }

  permits(permission: Permission): boolean {
    return this.#grants.some((grant) => includes(grant, permission));
  }

  allows(kind: AccessKind, name: string, permission = PERMISSION_FOR[kind]): boolean {
    return this.#allows(kind, permission, (patterns) => fits(patterns, kind, name));
  }

  allowsSome(uriTemplate: string): boolean {
    return this.#allows('resource', PERMISSION_FOR.resource, (patterns) =>
      patterns.some((pattern) => mayOverlap(pattern, uriTemplate)),
    );
  }

  #allows(
    kind: AccessKind,
    permission: Permission,
    suits: (patterns: readonly string[]) => boolean,
  ): boolean {
    if (!suits(this.#bounds[kind])) return false;
    return this.#grants.some((grant) => includes(grant, permission) && suits(grant[kind]));
  }
}

function includes({ permissions }: Grant, permission: Permission): boolean {
  return permissions.has(permission) || permissions.has('admin:access');
}

/** A URI that climbs fits only what fits everything. */
function fits(patterns: readonly string[], kind: AccessKind, name: string): boolean {
  if (patterns.includes('*')) return true;
  if (!patterns.some((pattern) => matches(pattern, name))) return false;
  return kind !== 'resource' || !climbs(name);
}

function scopeOf(patterns: {
  readonly tools: readonly string[];
  readonly resources: readonly string[];
  readonly prompts: readonly string[];
}): Scope {
  return { tool: patterns.tools, resource: patterns.resources, prompt: patterns.prompts };
}
