import { RESOURCE, TokenIssuer } from '../../support/token-issuer.ts';
import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import type { Timing } from '../closed-loop.ts';
import { startCluster } from '../cluster.ts';
import type { HttpLoad, HttpMeasured } from '../load-generator.ts';
import { compare } from '../rounds.ts';

const CONNECTIONS = 100;

/** The same call in a cluster that wants an access token, seals and checks included, and in one that wants none. */
export async function compareAuth(bench: Bench): Promise<void> {
  const { stage, redisUrl } = bench;
  const issuer = await stage.enter(() => TokenIssuer.start());
  const generator = await stage.enter(() => BenchProcess.start<HttpLoad, HttpMeasured>('load-generator.ts'));
  const contender = async (
    name: string,
    common: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
  ) => {
    const { frontDoor } = await startCluster(stage, redisUrl, `bench-${name}`, { count: 1 }, common);
    const load = {
      port: frontDoor.httpPort,
      tool: 'echo',
      connections: CONNECTIONS,
      labelled: false,
      headers,
    };
    return {
      name,
      subject: 'auth_cost',
      start: async () => (timing: Timing) => generator.ask({ ...load, ...timing }),
    };
  };
  const closed = {
    MILLRACE_AUTH: 'jwt',
    MILLRACE_ENVELOPE_KEY: 'an envelope key that only the bench has',
    MILLRACE_JWT_ISSUER: issuer.url,
    MILLRACE_JWT_JWKS_URI: `${issuer.url}/jwks`,
    MILLRACE_PUBLIC_URL: RESOURCE,
  };
  await compare(bench, [
    await contender('anonymous', {}, {}),
    await contender('authenticated', closed, { Authorization: `Bearer ${issuer.good}` }),
  ]);
  const { anonymous_rps: without, authenticated_rps: under } = bench.figures;
  if (without !== undefined && under !== undefined) bench.report('auth_cost', 1 - under / without);
}
