import { findRedis } from '@millrace/broker';

/** Runs once before all tests: most of them start a Redis of their own, which has to be there, or to be installed. */
export default async function setup(): Promise<void> {
  const redis = await findRedis({});
  await redis.stop();
}
