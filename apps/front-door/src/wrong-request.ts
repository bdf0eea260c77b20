/** Why an operator's request cannot be done, for the one who asked. */
export class WrongRequest extends Error {
  override readonly name = 'WrongRequest';
  /** HTTP status. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const NAME = /^[\w.-]+$/;

/** @throws WrongRequest when it is no name */
export function nameOf(what: string, name: string | undefined): string {
  if (name !== undefined && NAME.test(name)) return name;
  throw new WrongRequest(400, `${what}: expected a name of letters, digits, ".", "_" and "-"`);
}

/** @throws WrongRequest when it is no whole number from 1 to `most` */
export function countOf(url: URL, name: string, unless: number, most: number): number {
  const text = url.searchParams.get(name) ?? String(unless);
  if (/^[1-9]\d{0,8}$/.test(text) && Number(text) <= most) return Number(text);
  throw new WrongRequest(400, `${name}: "${text}" — expected a whole number from 1 to ${most}`);
}
