import type { Principal } from './call.ts';
import { MillraceError } from './errors.ts';
import { isJsonObject, type JsonObject } from './json.ts';

/** What a role may allow. `admin:access` includes the others. */
export const PERMISSIONS = ['read:resources', 'write:resources', 'execute:tools', 'admin:access'] as const;

export type Permission = (typeof PERMISSIONS)[number];

/** The kinds of things that are used by name, each with its own patterns. */
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

/** What a request uses. */
export interface Use {
  readonly kind: AccessKind;
  readonly name: string;
  /** Whether the name stands for all URIs of a template. */
  readonly isTemplate?: boolean;
}

/** @returns what a request uses by name; undefined when it names nothing, or has the name in the wrong form */
export function useOf(method: string, params: JsonObject): Use | undefined {
  switch (method) {
    case 'tools/call':
      return useNamed('tool', params['name']);
    case 'prompts/get':
      return useNamed('prompt', params['name']);
    case 'resources/read':
    case 'resources/subscribe':
      return useNamed('resource', params['uri']);
    case 'completion/complete':
      return useOfReference(params['ref']);
    default:
      return undefined;
  }
}

function useNamed(kind: AccessKind, name: unknown): Use | undefined {
  return typeof name === 'string' ? { kind, name } : undefined;
}

/** Completions are asked for on templates, before there is a URI. */
function useOfReference(reference: unknown): Use | undefined {
  const { type, name, uri } = isJsonObject(reference) ? reference : {};
  if (type === 'ref/prompt') return useNamed('prompt', name);
  return typeof uri === 'string' ? { kind: 'resource', name: uri, isTemplate: true } : undefined;
}

/**
 * @param permission that is needed; that of the kind unless given
 * @returns the error to refuse with, the same for what exists and what does not; undefined when it is allowed
 */
export function denialOf(
  access: Access,
  { kind, name, isTemplate }: Use,
  permission: Permission = PERMISSION_FOR[kind],
): MillraceError | undefined {
  if (isTemplate ? access.allowsSome(name) : access.allows(kind, name, permission)) return undefined;
  // Another scope helps who has no such permission, but not who has it for other names.
  const scope = access.permits(permission) ? undefined : { scope: permission };
  return new MillraceError('permission_denied', `${permission} is not granted for ${kind} ${name}`, {
    details: { permission, kind, name, ...scope },
  });
}
