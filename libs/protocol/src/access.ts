import type { Principal } from './call.ts';

/** What a role may allow. `admin:access` includes the others. */
export const PERMISSIONS = ['read:resources', 'write:resources', 'execute:tools', 'admin:access'] as const;

export type Permission = (typeof PERMISSIONS)[number];

/** The kinds of things that are called by name, each with its own patterns. */
export type AccessKind = 'tool' | 'resource' | 'prompt';

/** The permission that using a thing of each kind takes. */
export const PERMISSION_FOR: Readonly<Record<AccessKind, Permission>> = {
  tool: 'execute:tools',
  resource: 'read:resources',
  prompt: 'read:resources',
};

/** What one principal may do. */
export interface Access {
  /** The same for all who may do the same, so that what is made for one of them is good for all. */
  readonly key: string;
  /** Whether the permission is held at all, for whatever names. */
  permits(permission: Permission): boolean;
  /**
   * @param name of the tool or prompt, or the URI of the resource
   * @param permission that it takes; that of its kind unless given
   */
  allows(kind: AccessKind, name: string, permission?: Permission): boolean;
  /** Whether there may be a URI that fits the template and is allowed. */
  allowsSome(uriTemplate: string): boolean;
}

/** Who makes requests, once their credential was checked. */
export interface Caller {
  readonly principal: Principal;
  readonly access: Access;
  /** Whether the credential still counts: it may expire or be revoked while a stream is open. */
  readonly valid: () => boolean;
}
