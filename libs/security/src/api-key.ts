import {
  createHash,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import type { Principal } from '@millrace/protocol';
import { z } from 'zod';
import type { ClusterKeys } from './cluster-keys.ts';

/** What every API key begins with, so that scanners for leaked secrets know one when they see it. */
export const API_KEY_PREFIX = 'mrk_';

const SECRET_BYTES = 32;
const ID_BYTES = 8;

/** `mrk_`, the id, and the secret in base64url. */
const FORM = /^mrk_([0-9a-f]{16})_([\w-]{43})$/;

const recordSchema = z.strictObject({
  id: z.string(),
  /** Who bears the key, to whom sessions and tasks belong; the same after a rotation. */
  subject: z.string(),
  name: z.string(),
  tenant: z.string(),
  roles: z.array(z.string()),
  /** SHA-256 of the secret: of 256 random bits nobody finds the origin, so nothing slower is needed. */
  hash: z.string(),
  /** Checks what the bearer signs instead of showing the secret; see `signingKey`. */
  publicKey: z.string(),
  /** Milliseconds since the epoch, as all times. */
  createdAt: z.number(),
  expiresAt: z.number().optional(),
  signature: z.string(),
});

/** An API key as it lies in Redis: no secret is in it, and it counts only with the signature of the cluster. */
export type ApiKeyRecord = Readonly<z.output<typeof recordSchema>>;

/** The parts of an API key as its bearer shows it. */
export interface ShownKey {
  readonly id: string;
  readonly secret: string;
}

export interface NewApiKey {
  readonly name: string;
  readonly tenant: string;
  readonly roles: readonly string[];
  readonly expiresAt?: number;
  /** Of the key that it replaces; a new one unless given. */
  readonly subject?: string;
}

/** @returns the key, which is shown once and then known to its bearer only, and the record to keep */
export function createApiKey(
  wish: NewApiKey,
  keys: ClusterKeys,
  now: number,
): { readonly key: string; readonly record: ApiKeyRecord } {
  const id = randomBytes(ID_BYTES).toString('hex');
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const unsigned = {
    ...wish,
    id,
    subject: wish.subject ?? id,
    roles: [...wish.roles],
    hash: hashOf(secret).toString('base64url'),
    publicKey: createPublicKey(signingKey(secret)).export({ format: 'jwk' }).x ?? '',
    createdAt: now,
  };
  return { key: `${API_KEY_PREFIX}${id}_${secret}`, record: signRecord(unsigned, keys) };
}

/** @returns the record with another end, signed anew */
export function endApiKey(record: ApiKeyRecord, expiresAt: number, keys: ClusterKeys): ApiKeyRecord {
  return signRecord({ ...record, expiresAt }, keys);
}

/** @returns undefined for what has not the form of an API key */
export function parseApiKey(text: string): ShownKey | undefined {
  const [, id, secret] = FORM.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** @returns undefined for text that is no record, or that the cluster did not sign */
export function readRecord(text: string, keys: ClusterKeys | undefined): ApiKeyRecord | undefined {
  const parsed = recordSchema.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { signature, ...unsigned } = parsed.data;
  if (keys && !keys.verifies('key', textOf(unsigned), signature)) return undefined;
  return parsed.data;
}

/** Compares in a time that tells nothing of the secret. */
export function isSecretOf(record: ApiKeyRecord, secret: string): boolean {
  return timingSafeEqual(hashOf(secret), Buffer.from(record.hash, 'base64url'));
}

export function principalOf({ subject, tenant, roles }: ApiKeyRecord): Principal {
  return { id: `key:${subject}`, tenant, roles };
}

/**
 * The key with which a bearer signs calls that it puts on the queue itself. It follows from the secret, so there is
 * nothing more to hand out; what lies in Redis only checks, and what is on the queue shows no secret.
 */
export function signingKey(secret: string): KeyObject {
  const seed = hkdfSync('sha256', Buffer.from(secret, 'base64url'), '', 'millrace call signature', 32);
  const key = Buffer.concat([ED25519_PKCS8, Buffer.from(seed)]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}

export function publicKeyOf({ publicKey }: ApiKeyRecord): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
}

/** What stands before the seed of an Ed25519 key in PKCS #8 (RFC 8410). */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

type Unsigned = Omit<ApiKeyRecord, 'signature'>;

function signRecord(unsigned: Unsigned, keys: ClusterKeys): ApiKeyRecord {
  return { ...unsigned, signature: keys.sign('key', textOf(unsigned)) };
}

/** The order of the fields is fixed, whatever order they came in. */
function textOf({
  id,
  subject,
  name,
  tenant,
  roles,
  hash,
  publicKey,
  createdAt,
  expiresAt,
}: Unsigned): string {
  return JSON.stringify([id, subject, name, tenant, roles, hash, publicKey, createdAt, expiresAt ?? null]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is no JSON is no record: the caller says so.
    return undefined;
  }
}
