import type { CatalogueView } from '@millrace/broker';
import {
  type Access,
  type AccessKind,
  eraOf,
  type JsonObject,
  MillraceError,
  type Offer,
  type Permission,
  type Revision,
  type ServerInfo,
  stampResult,
} from '@millrace/protocol';

/** The list methods, with the member of the result that holds the entries and the key they are sorted by. */
const LISTS = {
  'tools/list': { member: 'tools', key: 'name', kind: 'tool' },
  'prompts/list': { member: 'prompts', key: 'name', kind: 'prompt' },
  'resources/list': { member: 'resources', key: 'uri', kind: 'resource' },
  'resources/templates/list': { member: 'resourceTemplates', key: 'uriTemplate', kind: 'resource' },
} as const satisfies Record<string, { member: keyof Offer; key: string; kind: AccessKind }>;

export type ListMethod = keyof typeof LISTS;

export const LIST_METHODS = Object.keys(LISTS) as ListMethod[];

/** Pages kept at most: anybody can write a cursor, so there is no end of them. */
const PAGES_KEPT = 1_000;

export interface ListsOptions {
  readonly view: CatalogueView;
  readonly pageSize: number;
  readonly serverInfo: ServerInfo;
}

/** The lists of one state of the catalogue. Each page is put into JSON once. */
export class Lists {
  readonly #options: ListsOptions;
  readonly #pages = new Map<string, string>();

  constructor(options: ListsOptions) {
    this.#options = options;
  }

  /**
   * @param cursor opaque position from the page before; undefined for the first page
   * @param access of whoever asks, who sees only what they may use; absent where everybody may use everything
   * @returns JSON text of the result
   * @throws MillraceError `invalid_params` for a cursor that is not ours
   */
  page(method: ListMethod, cursor: unknown, revision: Revision, access?: Access): string {
    const after = cursor === undefined ? '' : decodeCursor(cursor);
    const key = `${method} ${revision} ${access?.key ?? ''} ${after}`;
    const known = this.#pages.get(key);
    if (known !== undefined) return known;
    const page = this.#render(method, after, revision, access);
    if (this.#pages.size < PAGES_KEPT) this.#pages.set(key, page);
    return page;
  }

  #render(method: ListMethod, after: string, revision: Revision, access?: Access): string {
    const { member, key } = LISTS[method];
    const all: readonly Entry[] = this.#options.view[member];
    const seen = access ? all.filter((entry) => maySee(access, method, entry)) : all;
    const definitions = seen.map((entry) => entry.definition);
    const rest =
      after === '' ? definitions : definitions.filter((definition) => String(definition[key]) > after);
    const entries = rest.slice(0, this.#options.pageSize);
    const last = entries.at(-1);
    const more =
      last && rest.length > entries.length ? { nextCursor: encodeCursor(String(last[key])) } : undefined;
    // Nobody in between may hand to others what was put together for one.
    const scope = access && eraOf(revision) === 'modern' ? { cacheScope: 'private' } : undefined;
    const result = { ...scope, [member]: entries, ...more };
    return JSON.stringify(stampResult(result, method, revision, this.#options.serverInfo));
  }
}

interface Entry {
  readonly definition: JsonObject;
  readonly permissions?: readonly Permission[];
}

function maySee(access: Access, method: ListMethod, { definition, permissions = [] }: Entry): boolean {
  const { key, kind } = LISTS[method];
  const name = String(definition[key]);
  const allowed = key === 'uriTemplate' ? access.allowsSome(name) : access.allows(kind, name);
  return allowed && permissions.every((permission) => access.allows(kind, name, permission));
}

/** A cursor names the last entry of its page, so it stays good when entries come and go. */
function encodeCursor(last: string): string {
  return Buffer.from(`after:${last}`).toString('base64url');
}

function decodeCursor(cursor: unknown): string {
  const text = typeof cursor === 'string' ? Buffer.from(cursor, 'base64url').toString('utf8') : '';
  if (text.startsWith('after:') && encodeCursor(text.slice(6)) === cursor) return text.slice(6);
  throw new MillraceError('invalid_params', 'cursor: not one that this server gave', {
    details: { field: 'cursor' },
  });
}
