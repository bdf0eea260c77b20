import type { CatalogueView } from '@millrace/broker';
import {
  type JsonObject,
  MillraceError,
  type Revision,
  type ServerInfo,
  stampResult,
} from '@millrace/protocol';

/** The list methods, with the member of the result that holds the entries and the key they are sorted by. */
const LISTS = {
  'tools/list': { member: 'tools', key: 'name' },
  'prompts/list': { member: 'prompts', key: 'name' },
  'resources/list': { member: 'resources', key: 'uri' },
  'resources/templates/list': { member: 'resourceTemplates', key: 'uriTemplate' },
} as const;

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
   * @returns JSON text of the result
   * @throws MillraceError `invalid_params` for a cursor that is not ours
   */
  page(method: ListMethod, cursor: unknown, revision: Revision): string {
    const after = cursor === undefined ? '' : decodeCursor(cursor);
    const key = `${method} ${revision} ${after}`;
    const known = this.#pages.get(key);
    if (known !== undefined) return known;
    const page = this.#render(method, after, revision);
    if (this.#pages.size < PAGES_KEPT) this.#pages.set(key, page);
    return page;
  }

  #render(method: ListMethod, after: string, revision: Revision): string {
    const { member, key } = LISTS[method];
    const definitions: JsonObject[] = this.#options.view[member].map((entry) => entry.definition);
    const rest =
      after === '' ? definitions : definitions.filter((definition) => String(definition[key]) > after);
    const entries = rest.slice(0, this.#options.pageSize);
    const last = entries.at(-1);
    const more =
      last && rest.length > entries.length ? { nextCursor: encodeCursor(String(last[key])) } : undefined;
    const result = { [member]: entries, ...more };
    return JSON.stringify(stampResult(result, method, revision, this.#options.serverInfo));
  }
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
