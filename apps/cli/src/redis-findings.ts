import type { RedisFindings } from '@millrace/broker';
import { doubtful, type Finding, good, wrong } from './finding.ts';

/** The oldest server that has all commands that are used. */
const OLDEST_REDIS = [6, 2] as const;
const FAR_MS = 5;
const TOO_FAR_MS = 50;
const CLOCK_MS = 500;
const NEARLY_FULL = 0.8;

/** What is to be said of a Redis. */
export function redisFindings(findings: RedisFindings): Finding[] {
  return [
    versionOf(findings),
    policyOf(findings),
    memoryOf(findings),
    distanceOf(findings),
    clockOf(findings),
  ];
}

function versionOf({ server, version }: RedisFindings): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNew =
    server === 'valkey' || major > OLDEST_REDIS[0] || (major === OLDEST_REDIS[0] && minor >= OLDEST_REDIS[1]);
  const what = `${server === 'valkey' ? 'Valkey' : 'Redis'} ${version}`;
  return isNew ? good(what) : wrong(what, `use Redis ${OLDEST_REDIS.join('.')} or newer, or Valkey`);
}

function policyOf({ maxmemoryPolicy: policy, maxMemory }: RedisFindings): Finding {
  if (policy === undefined)
    return doubtful('the policy for a full memory is not known', 'make sure that it is noeviction');
  if (policy === 'noeviction') return good('maxmemory-policy noeviction');
  const advice = 'set maxmemory-policy noeviction: any other drops queued calls when the memory is full';
  return maxMemory === 0
    ? doubtful(`maxmemory-policy ${policy}`, advice)
    : wrong(`maxmemory-policy ${policy}`, advice);
}

function memoryOf({ usedMemory, maxMemory }: RedisFindings): Finding {
  const used = `${Math.ceil(usedMemory / 1_048_576)} MB used`;
  if (maxMemory === 0) return good(`${used}, no limit`);
  const what = `${used} of ${Math.floor(maxMemory / 1_048_576)} MB`;
  return usedMemory < NEARLY_FULL * maxMemory
    ? good(what)
    : wrong(what, 'raise maxmemory, or find out what fills it');
}

function distanceOf({ roundTripMs }: RedisFindings): Finding {
  const what = `${roundTripMs.toFixed(2)} ms to Redis and back`;
  const advice = 'each call makes this way twice or more: put Redis into the same zone';
  if (roundTripMs < FAR_MS) return good(what);
  return roundTripMs < TOO_FAR_MS ? doubtful(what, advice) : wrong(what, advice);
}

function clockOf({ clockAheadMs, roundTripMs }: RedisFindings): Finding {
  const off = Math.round(Math.abs(clockAheadMs));
  if (off <= CLOCK_MS + roundTripMs) return good('the clock agrees with that of Redis');
  const what = `the clock is ${off} ms ${clockAheadMs > 0 ? 'behind' : 'ahead of'} that of Redis`;
  return wrong(what, 'let NTP set the clocks: deadlines are compared between machines');
}
