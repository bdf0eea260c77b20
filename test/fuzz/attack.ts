import type { Random } from '../chaos/random.ts';
import type { Cluster } from '../support/cluster.ts';
import type { TokenIssuer } from '../support/token-issuer.ts';
import type { HttpGun } from './http-gun.ts';
import type { Judge } from './judge.ts';

/** What an attack works with. */
export interface AttackContext {
  readonly cluster: Cluster;
  readonly judge: Judge;
  readonly random: Random;
  readonly gun: HttpGun;
  readonly issuer: TokenIssuer;
  /** Of two principals that may do the same. */
  readonly credentials: Readonly<Record<'ours' | 'theirs', Readonly<Record<string, string>>>>;
}

/** One kind of attack from the list; counts what it sends. */
export type Attack = (context: AttackContext) => Promise<void>;
