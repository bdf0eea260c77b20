import type { Call } from './call.ts';
import { isJsonObject, type JsonObject } from './json.ts';

/** What several calls of a batch have in common: most come from like clients that call the same tool. */
interface Kind extends Pick<Call, 'method' | 'target' | 'revision' | 'principal'> {
  /** The `_meta` of their parameters, where that comes last: what signs the parameters goes by their order. */
  readonly meta?: JsonObject;
}

type Rest = Omit<Call, keyof Kind | 'id' | 'deadline' | 'params'>;

/** What is a call's own; its kind by its place among the kinds, and the rest only where there is any. */
type PackedCall = readonly [kind: number, id: string, deadline: number, params: JsonObject, rest?: Rest];

/** The calls of one batch as they stand on the queue: far fewer bytes to keep and to read. */
export interface PackedCalls {
  readonly kinds: readonly Kind[];
  readonly each: readonly PackedCall[];
}

/** Kinds that a call is compared with: clients of several kinds may take turns. */
const COMPARED = 4;

export function packCalls(calls: readonly Call[]): PackedCalls {
  const kinds: Kind[] = [];
  const each = calls.map((call): PackedCall => {
    const { id, method, target, params, revision, deadline, principal, ...rest } = call;
    const meta = lastMetaOf(params);
    const kind = {
      method,
      target,
      revision,
      ...(principal && { principal }),
      ...(meta && { meta }),
    };
    const own = meta ? withoutMeta(params) : params;
    const at = placeOf(kind, kinds);
    return isEmpty(rest) ? [at, id, deadline, own] : [at, id, deadline, own, rest];
  });
  return { kinds, each };
}

/** Calls of one kind share what they have in common, which therefore cannot be changed. */
export function unpackCalls({ kinds, each }: PackedCalls): readonly Call[] {
  for (const kind of kinds) deepFreeze(kind);
  return each.map(([at, id, deadline, own, rest]) => {
    const { method, target, revision, principal, meta } = kinds[at] as Kind;
    const params = meta ? { ...own, _meta: meta } : own;
    const call: Call = { id, method, target, params, revision, deadline };
    return principal || rest ? { ...call, ...(principal && { principal }), ...rest } : call;
  });
}

/** @returns the `_meta` if that is the last parameter */
function lastMetaOf(params: JsonObject): JsonObject | undefined {
  const meta = params['_meta'];
  if (!isJsonObject(meta)) return undefined;
  let last: string | undefined;
  for (const name in params) last = name;
  return last === '_meta' ? meta : undefined;
}

function withoutMeta({ _meta, ...own }: JsonObject): JsonObject {
  return own;
}

/** @returns where the kind stands among the others; it is added unless it is there */
function placeOf(kind: Kind, kinds: Kind[]): number {
  const oldest = Math.max(0, kinds.length - COMPARED);
  for (let at = kinds.length - 1; at >= oldest; at -= 1) if (isSame(kind, kinds[at])) return at;
  return kinds.push(kind) - 1;
}

/** Whether both are the same text as JSON. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  const others = Object.keys(other);
  if (names.length !== others.length) return false;
  for (let at = 0; at < names.length; at += 1) {
    const name = names[at] as string;
    if (name !== others[at]) return false;
    if (!isSame((one as JsonObject)[name], (other as JsonObject)[name])) return false;
  }
  return true;
}

function isEmpty(rest: object): boolean {
  for (const _ in rest) return false;
  return true;
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const member of Object.values(value)) deepFreeze(member);
  Object.freeze(value);
}
