import { connectPatient, disconnect, Keys, whenReady } from '@millrace/broker';
import { createLogger } from '@millrace/service';
import { type AggregateName, type EventLog, PostgresEventLog, RedisEventLog } from '@millrace/state';
import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { startDatabase } from '../bench-database.ts';

const MANY = 1_000_000;
const AT_ONCE = 1_000;
const TIMES = 500;
const EVENT = { type: 'booked', data: '{"amount":42,"currency":"EUR"}' };

/** What an append takes behind a million events, over what it takes behind a thousand. */
export async function measureAppends(bench: Bench): Promise<void> {
  const logger = createLogger({ name: 'bench', level: 'warn' });
  const redis = await bench.stage.enter(async () => {
    const connection = connectPatient({ url: bench.redisUrl, logger }, 'bench-events');
    await whenReady(connection);
    return { connection, stop: async () => disconnect(connection) };
  });
  const keys = new Keys('bench-events');
  const names = { events: keys.aggregates, snapshots: keys.snapshots };
  const onRedis = new RedisEventLog({ redis: redis.connection, ...names });
  bench.report('event_append_flatness_redis', await flatness(bench, 'Redis', onRedis));
  await redis.connection.flushdb();
  const onPostgres = new PostgresEventLog(await startDatabase(bench));
  bench.report('event_append_flatness_postgres', await flatness(bench, 'Postgres', onPostgres));
}

async function flatness(bench: Bench, where: string, log: EventLog): Promise<number> {
  const long = await fill(log, { tenant: 'bench', aggregate: 'long' }, MANY);
  const short = await fill(log, { tenant: 'bench', aggregate: 'short' }, AT_ONCE);
  const [behindMany = Number.NaN, behindFew = Number.NaN] = await alternate([long, short]);
  bench.progress(
    `appends to ${where}: ${behindFew.toFixed(0)} µs, behind ${MANY} ${behindMany.toFixed(0)} µs`,
  );
  return behindMany / behindFew;
}

/** Appends so many events, and gives what appends one more each time. */
async function fill(log: EventLog, name: AggregateName, events: number) {
  const some = Array.from({ length: AT_ONCE }, () => EVENT);
  let version = 0;
  while (version < events) version = await log.append(name, version, some);
  const run = async () => {
    version = await log.append(name, version, [EVENT]);
  };
  return { run, times: TIMES };
}
