import { parseArgs } from 'node:util';
import { OperatorError } from '@millrace/service';

/** What `millrace keys` is asked to do. */
export type KeysCommand =
  | {
      readonly action: 'create';
      readonly name: string;
      readonly tenant: string;
      readonly roles: readonly string[];
      /** How long the key is good, in milliseconds; for ever unless given. */
      readonly lifetimeMs?: number;
    }
  | { readonly action: 'list'; readonly json: boolean }
  | { readonly action: 'revoke'; readonly id: string }
  /** @param graceMs how long the old key is still good, in milliseconds */
  | { readonly action: 'rotate'; readonly id: string; readonly graceMs: number };

const USAGE = `usage: millrace keys create --name NAME --role ROLE … [--tenant TENANT] [--expires 90d]
       millrace keys list [--json]
       millrace keys revoke ID
       millrace keys rotate ID [--grace 1h]`;

const DEFAULT_GRACE = '1h';

/** @throws OperatorError that says what the arguments should be */
export function parseKeysCommand(args: readonly string[]): KeysCommand {
  const [action, ...rest] = args;
  switch (action) {
    case 'create':
      return parseCreate(rest);
    case 'list':
      return { action, json: parse(rest, { json: { type: 'boolean' } }, false).values['json'] === true };
    case 'revoke':
      return { action, id: idOf(parse(rest, {}, true).positionals) };
    case 'rotate': {
      const { values, positionals } = parse(rest, { grace: { type: 'string' } }, true);
      const graceMs = duration('--grace', String(values['grace'] ?? DEFAULT_GRACE));
      return { action, id: idOf(positionals), graceMs };
    }
    default:
      throw new OperatorError(USAGE);
  }
}

function parseCreate(args: readonly string[]): KeysCommand {
  const text = { type: 'string' } as const;
  const options = {
    name: text,
    tenant: text,
    expires: text,
    role: { type: 'string', multiple: true },
  } as const;
  const { name, tenant = 'default', role = [], expires } = parse(args, options, false).values;
  if (typeof name !== 'string' || name === '') throw new OperatorError(`--name: expected a name\n${USAGE}`);
  const roles = Array.isArray(role) ? role.map(String) : [];
  if (roles.length === 0) throw new OperatorError(`--role: expected at least one role\n${USAGE}`);
  const lifetimeMs = expires === undefined ? undefined : duration('--expires', String(expires));
  return {
    action: 'create',
    name,
    tenant: String(tenant),
    roles,
    ...(lifetimeMs !== undefined && { lifetimeMs }),
  };
}

type Options = Record<string, { type: 'string' | 'boolean'; multiple?: boolean }>;

function parse(args: readonly string[], options: Options, allowPositionals: boolean) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals });
  } catch (cause) {
    throw new OperatorError(`${(cause as Error).message}\n${USAGE}`, { cause });
  }
}

function idOf(positionals: readonly string[]): string {
  const [id, ...more] = positionals;
  if (id === undefined || more.length > 0) throw new OperatorError(`expected the id of one key\n${USAGE}`);
  return id;
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function duration(option: string, text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = UNITS[unit];
  if (ms === undefined)
    throw new OperatorError(`${option}: "${text}" — expected a time such as 90d, 12h or 30m`);
  return Number(count) * ms;
}
