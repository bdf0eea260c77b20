import { onTestFinished } from 'vitest';
import { PolicyLink } from '../policy-link.ts';
import type { RedisSource } from '../redis-source.ts';

/** What one process of a fleet has of a policy, on a link that is started, and stopped with the test. */
export async function onLink<T>(source: RedisSource, build: (link: PolicyLink) => T): Promise<T> {
  const link = new PolicyLink(source);
  const built = build(link);
  await link.start();
  onTestFinished(() => link.stop());
  return built;
}
