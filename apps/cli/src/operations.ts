import { Operations } from '@millrace/broker';
import { ClusterKeys, frontDoorSeals } from '@millrace/security';
import { clusterConnection, withinPatience } from './cluster-connection.ts';
import { type Terminal, UsageError } from './command.ts';
import { loadEnvelopeKeys } from './config.ts';

/** Lets a command operate the cluster that the environment names. @throws UnreachableError */
export async function withOperations<T>(
  env: Terminal['env'],
  work: (operations: Operations) => Promise<T>,
): Promise<T> {
  const { source, keys, url } = clusterConnection(env);
  const { envelopeKey, previousEnvelopeKey } = loadEnvelopeKeys(env);
  const seal =
    envelopeKey === '' ? undefined : frontDoorSeals(new ClusterKeys(envelopeKey, previousEnvelopeKey));
  const operations = new Operations({ source, keys, seal });
  try {
    const started = operations.start();
    // It is given up, and stopped, when it takes too long.
    started.catch(() => undefined);
    await withinPatience(started, url);
    return await work(operations);
  } finally {
    await operations.stop();
  }
}

const NAME = /^[\w.-]+$/;

/** @throws UsageError when it is no name of a pool */
export function poolOf(text: string | undefined): string {
  if (text !== undefined && NAME.test(text)) return text;
  throw new UsageError(`POOL: "${text ?? ''}" — expected a name of letters, digits, ".", "_" and "-"`);
}
