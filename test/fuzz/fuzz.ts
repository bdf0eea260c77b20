import { Random } from '../chaos/random.ts';
import { ENVELOPE_KEY, makeKey } from '../support/api-keys.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import type { ClusterProcess } from '../support/cluster-process.ts';
import { RESOURCE, TokenIssuer } from '../support/token-issuer.ts';
import type { Attack, AttackContext } from './attack.ts';
import type { FuzzFigures } from './figures.ts';
import { Generator } from './generator.ts';
import { HttpGun } from './http-gun.ts';
import {
  forbiddenNames,
  forgedTokens,
  guessedSessions,
  guessedTasks,
  tamperedState,
} from './identity-attacks.ts';
import { Judge } from './judge.ts';
import { disagreeingHeaders, hostileBodies } from './message-attacks.ts';
import { forgedEnvelopes } from './queue-attacks.ts';
import type { Reply, Shot } from './shot.ts';
import { halfOpenSockets, slowSenders, smuggling } from './socket-attacks.ts';
import { brokenFrames, largeFrames, strangers } from './web-socket-attacks.ts';
import { WebSocketGun } from './web-socket-gun.ts';

/** The list of attacks, each of which is made once in a short run and several times in a long one. */
const ATTACKS: readonly Attack[] = [
  ...[hostileBodies, disagreeingHeaders, smuggling, slowSenders, halfOpenSockets],
  ...[forgedTokens, forbiddenNames, guessedSessions, guessedTasks, tamperedState, forgedEnvelopes],
  ...[brokenFrames, largeFrames, strangers],
];

/** Clients that send at the same time. */
const HTTP_CLIENTS = 12;
const WEB_SOCKETS = 6;

/** Requests for each time that the list of attacks is made. */
const REQUESTS_PER_ROUND = 25_000;

/** What of a run comes before memory is measured for the first time: caches must have filled. */
const WARM_UP = 0.2;

/** How long a process may take to become quiet after a run, in milliseconds. */
const QUIET_MS = 1_500;

const AUTHORIZATION = {
  roles: {
    fuzzer: {
      permissions: ['execute:tools', 'read:resources'],
      tools: ['echo', 'add', 'greet', 'work'],
      resources: ['note://*'],
    },
  },
  scopes: { 'execute:tools': ['fuzzer'] },
};

export interface FuzzPlan {
  readonly seed: number;
  readonly requests: number;
}

export interface FuzzOutcome {
  readonly figures: FuzzFigures;
  /** Examples of everything that was wrong. */
  readonly findings: readonly string[];
}

/** Sends malformed and hostile requests to a cluster, and counts what should not have come of it. */
export async function fuzz(plan: FuzzPlan): Promise<FuzzOutcome> {
  const issuer = await TokenIssuer.start();
  const cluster = await startFuzzed(issuer);
  const judge = new Judge();
  try {
    const credentials = { ours: await keyOf(cluster, 'ours'), theirs: await keyOf(cluster, 'theirs') };
    const gun = new HttpGun(cluster.url, HTTP_CLIENTS);
    const context: AttackContext = {
      cluster,
      judge,
      random: new Random(plan.seed),
      gun,
      issuer,
      credentials,
    };
    // From here on: what a process does while it starts keeps nobody waiting.
    await watch(cluster);
    await attack(context);
    await shoot(context, Math.ceil(plan.requests * WARM_UP));
    const before = await watch(cluster);
    for (let left = plan.requests - judge.requests; left > 0; left = plan.requests - judge.requests) {
      await shoot(context, Math.min(left, REQUESTS_PER_ROUND));
      if (left > REQUESTS_PER_ROUND) await attack(context);
    }
    gun.close();
    const after = await watch(cluster);
    return { figures: figuresOf(plan, judge, cluster, before, after), findings: judge.findings };
  } finally {
    await issuer.stop();
    await cluster
      .stop()
      .catch((error: Error) => judge.expect('the cluster stops in order', false, error.message));
  }
}

function startFuzzed(issuer: TokenIssuer): Promise<Cluster> {
  return startCluster({
    plugins: ['fixture', 'asking', 'tasks'],
    env: {
      MILLRACE_AUTH: 'jwt,api-key',
      MILLRACE_ENVELOPE_KEY: ENVELOPE_KEY,
      MILLRACE_AUTHORIZATION: JSON.stringify(AUTHORIZATION),
      MILLRACE_SHUTDOWN_TIMEOUT_MS: '3000',
      NODE_OPTIONS: `--expose-gc --import ${new URL('loop-watch.ts', import.meta.url).href}`,
    },
    frontDoorEnv: {
      MILLRACE_JWT_ISSUER: issuer.url,
      MILLRACE_JWT_JWKS_URI: `${issuer.url}/jwks`,
      MILLRACE_PUBLIC_URL: RESOURCE,
      MILLRACE_HEADERS_TIMEOUT_MS: '1500',
      MILLRACE_REQUEST_TIMEOUT_MS: '2500',
      MILLRACE_IDLE_TIMEOUT_MS: '3000',
    },
  });
}

async function keyOf(cluster: Cluster, name: string): Promise<Readonly<Record<string, string>>> {
  const { headers } = await makeKey(cluster, { name, roles: ['fuzzer'] });
  return headers;
}

async function attack(context: AttackContext): Promise<void> {
  for (const one of ATTACKS) {
    await one(context);
  }
}

/** Sends generated requests over all connections at once; what each of them sends follows from the seed alone. */
async function shoot(
  { cluster, judge, random, gun, credentials }: AttackContext,
  requests: number,
): Promise<void> {
  const clients = HTTP_CLIENTS + WEB_SOCKETS;
  const run = async (
    transport: Shot['transport'],
    fire: (shot: Shot) => Promise<Reply | undefined>,
    random: Random,
  ) => {
    const generator = new Generator({ random, credentials: credentials.ours });
    for (let left = Math.ceil(requests / clients); left > 0; left -= 1) {
      const shot = generator.next(transport);
      judge.judge(shot, await fire(shot));
    }
  };
  const sockets = Array.from({ length: WEB_SOCKETS }, () => new WebSocketGun(cluster.url, credentials.ours));
  const own = () => new Random(Math.floor(random.between(0, 2 ** 32)));
  await Promise.all([
    ...Array.from({ length: HTTP_CLIENTS }, () => run('http', (shot) => gun.fire(shot), own())),
    ...sockets.map((socket) => run('ws', (shot) => socket.fire(shot), own())),
  ]);
  for (const socket of sockets) socket.close();
}

interface Watched {
  readonly used: number;
  readonly rss: number;
  readonly maxBlockMs: number;
}

/** What each process that still runs says of itself, once it is quiet. */
async function watch(cluster: Cluster): Promise<readonly Watched[]> {
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  const ask = async (one: ClusterProcess) => {
    const line = one.logs.next('watch');
    void one.kill('SIGUSR2');
    return (await line) as unknown as Watched;
  };
  const running = [...cluster.frontDoors, ...cluster.workers].filter((one) => one.running);
  return Promise.all(running.map(ask));
}

function figuresOf(
  { seed }: FuzzPlan,
  judge: Judge,
  cluster: Cluster,
  before: readonly Watched[],
  after: readonly Watched[],
): FuzzFigures {
  const all = [...cluster.frontDoors, ...cluster.workers];
  const growth = after.map(({ used }, at) => used / (before[at]?.used ?? used) - 1);
  return {
    requests: judge.requests,
    crashes: all.filter((one) => !one.running).length,
    server_errors: judge.serverErrors,
    wrongly_accepted: judge.wronglyAccepted,
    unanswered: judge.unanswered,
    max_loop_block_ms: Math.round(Math.max(...[...before, ...after].map(({ maxBlockMs }) => maxBlockMs))),
    memory_growth: Number(Math.max(0, ...growth).toFixed(3)),
    seed,
  };
}
