import { isLoopback } from '@millrace/service';
import { z } from 'zod';
import { authorizationSchema } from './authorization.ts';
import { MIN_SECRET_LENGTH } from './cluster-keys.ts';

const secret = z
  .string()
  .regex(new RegExp(`^(.{${MIN_SECRET_LENGTH},})?$`), `at least ${MIN_SECRET_LENGTH} characters`)
  .default('');

const url = z
  .string()
  .regex(/^(https?:\/\/[^\s?#]+)?$/, 'an http or https URL without query and fragment')
  .default('');

/** Signature algorithms for which a public key is no secret. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
] as const;

/** Settings that front doors and workers share. */
export const CLUSTER_AUTH_SETTINGS = {
  /** How callers prove who they are; `none` says that they need not, on purpose. */
  auth: z.array(z.enum(['none', 'api-key', 'jwt'])).default([]),
  /** What signs whatever grants something in Redis. */
  envelopeKey: secret,
  /** Still accepted, while a cluster goes from one to the next. */
  previousEnvelopeKey: secret,
  /** Who may do what. */
  authorization: authorizationSchema.optional(),
};

/** Settings of front doors alone. */
export const ENTRANCE_SETTINGS = {
  /** The URL under which clients know the MCP endpoint. */
  publicUrl: url,
  jwtIssuer: url,
  /** Whom tokens must be meant for; the public URL unless given. */
  jwtAudience: z.array(z.string().min(1)).default([]),
  /** Where the keys of the issuer are; found in its metadata unless given. */
  jwtJwksUri: url,
  jwtAlgorithms: z.array(z.enum(ALGORITHMS)).min(1).default(['RS256', 'PS256', 'ES256', 'EdDSA']),
  jwtClockSkewMs: z.int().min(0).max(300_000).default(30_000),
  /** Claim that names the tenant; without one all tokens are of the tenant `default`. */
  jwtTenantClaim: z.string().default(''),
  /** Claim that lists roles; without one only scopes give roles. */
  jwtRolesClaim: z.string().default(''),
};

const clusterSchema = z.object(CLUSTER_AUTH_SETTINGS);
const entranceSchema = z.object({ ...CLUSTER_AUTH_SETTINGS, ...ENTRANCE_SETTINGS });

export type ClusterAuthSettings = Readonly<z.output<typeof clusterSchema>>;
export type EntranceSettings = Readonly<z.output<typeof entranceSchema>>;
export type AuthMethod = 'api-key' | 'jwt';

type Context = z.core.$RefinementCtx;

/** The methods that are on; none when everybody is anonymous. */
export function methodsOf({ auth }: Pick<ClusterAuthSettings, 'auth'>): readonly AuthMethod[] {
  return auth.filter((method) => method !== 'none');
}

/** Checks what the fields say together. */
export function checkClusterAuth(settings: ClusterAuthSettings, context: Context): void {
  const { auth, envelopeKey, previousEnvelopeKey } = settings;
  if (auth.includes('none') && auth.length > 1)
    problem(context, ['auth'], 'none alone, or methods without none');
  if (methodsOf(settings).length > 0 && envelopeKey === '') {
    problem(
      context,
      ['envelopeKey'],
      'with MILLRACE_AUTH: a secret, the same for all (openssl rand -base64 32)',
    );
  }
  if (previousEnvelopeKey !== '' && envelopeKey === '') {
    problem(context, ['previousEnvelopeKey'], 'envelopeKey beside it');
  }
}

/** The same for a front door, which is not opened to a network by an oversight. */
export function checkEntrance(
  settings: EntranceSettings & { readonly httpHost: string },
  context: Context,
): void {
  const { auth, httpHost, publicUrl, jwtIssuer, jwtJwksUri } = settings;
  checkClusterAuth(settings, context);
  if (auth.length === 0 && !isLoopback(httpHost)) {
    const message =
      'api-key, jwt or both where others can connect; or none, on purpose, when something else protects it';
    problem(context, ['auth', 'httpHost'], message);
  }
  if (!auth.includes('jwt')) return;
  if (jwtIssuer === '') problem(context, ['jwtIssuer'], 'the issuer of tokens, since MILLRACE_AUTH has jwt');
  if (publicUrl === '')
    problem(context, ['publicUrl'], 'the URL that tokens are for, since MILLRACE_AUTH has jwt');
  for (const [field, value] of Object.entries({ jwtIssuer, jwtJwksUri })) {
    if (isPlainRemote(value)) problem(context, [field], 'https where it is not on this machine');
  }
}

function isPlainRemote(value: string): boolean {
  const parsed = URL.parse(value);
  return parsed?.protocol === 'http:' && !isLoopback(parsed.hostname.replace(/^\[|\]$/g, ''));
}

function problem(context: Context, path: string[], expected: string): void {
  context.addIssue({ code: 'custom', path, message: `expected ${expected}` });
}
