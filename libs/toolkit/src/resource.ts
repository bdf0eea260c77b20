import type { Call, JsonObject, ResourcePoliciesInput } from '@millrace/protocol';
import type { Annotations, Icon, ReadResourceResult } from '@modelcontextprotocol/server';
import type { CallContext } from './call-context.ts';
import { toProtocolError } from './failure.ts';
import type { InputRequired } from './input/input-required.ts';
import { runRounds } from './input/rounds.ts';
import { readResourcePolicies } from './policies.ts';
import { DEFAULT_POOL, type ResourceTarget } from './target.ts';

/** What a read gives: text, bytes, a whole result of several contents, or what it needs before it can. */
export type ReadReturn = string | Uint8Array | ReadResourceResult | InputRequired;

/** What resources and templates have in common in the list. */
export interface ResourceDescription {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly icons?: readonly Icon[];
  /** Media type of what a read gives; text/plain or application/octet-stream are taken when it is absent. */
  readonly mimeType?: string;
  readonly annotations?: Annotations;
  readonly pool?: string;
  /** Longest read in milliseconds. */
  readonly timeoutMs?: number;
  /** Whether reads are cached, and identical ones under way are read once: neither, unless given. */
  readonly policies?: ResourcePoliciesInput;
  /** `_meta` of the definition in the list. */
  readonly meta?: JsonObject;
}

export interface ResourceDefinition extends ResourceDescription {
  readonly uri: string;
  /** Bytes, where they are known before the read. */
  readonly size?: number;
  read(context: CallContext): ReadReturn | Promise<ReadReturn>;
}

/** Declares a resource of one URI. */
export function defineResource(definition: ResourceDefinition): ResourceTarget {
  const { uri, size } = definition;
  return {
    uri,
    ...toTarget(definition),
    describe: () => {
      checkUri(uri);
      return { uri, ...describeResource(definition), ...(size !== undefined && { size }) };
    },
    run: (call: Call, context: CallContext) =>
      runRead(call, definition, context, () => definition.read(context)),
  };
}

function checkUri(uri: string): void {
  if (!URL.canParse(uri))
    throw new Error(`The resource URI "${uri}" is not allowed: it is not an absolute URI`);
}

export function toTarget({ name, pool = DEFAULT_POOL, timeoutMs, policies }: ResourceDescription) {
  return {
    pool,
    // Reading is idempotent by its meaning in the protocol.
    idempotent: true,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(policies && { policies: readResourcePolicies(name, policies) }),
  };
}

export function describeResource(definition: ResourceDescription): JsonObject & { name: string } {
  const { name, title, description, icons, mimeType, annotations, meta } = definition;
  return {
    name,
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(icons && { icons }),
    ...(mimeType !== undefined && { mimeType }),
    ...(annotations && { annotations }),
    ...(meta && { _meta: meta }),
  };
}

/** Reads the resource that the call names. */
export function runRead(
  call: Call,
  { mimeType }: ResourceDescription,
  context: CallContext,
  read: () => ReadReturn | Promise<ReadReturn>,
): Promise<JsonObject> {
  return runRounds(call, context, async () => {
    try {
      return toReadResult(call.target, mimeType, await read());
    } catch (thrown) {
      throw toProtocolError(thrown, context);
    }
  });
}

function toReadResult(uri: string, mimeType: string | undefined, returned: ReadReturn): JsonObject {
  if (typeof returned === 'string') {
    return { contents: [{ uri, mimeType: mimeType ?? 'text/plain', text: returned }] };
  }
  if (returned instanceof Uint8Array) {
    const blob = Buffer.from(returned.buffer, returned.byteOffset, returned.byteLength).toString('base64');
    return { contents: [{ uri, mimeType: mimeType ?? 'application/octet-stream', blob }] };
  }
  return { ...returned };
}
