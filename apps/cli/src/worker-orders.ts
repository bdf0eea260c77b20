import { OperatorError } from '@millrace/service';
import { EXIT, type Terminal, UsageError } from './command.ts';
import { withOperations } from './operations.ts';

/** `millrace workers drain ID` and `resume ID`. @returns the exit code. @throws UsageError, UnreachableError */
export async function orderWorker(words: readonly string[], { env, output }: Terminal): Promise<number> {
  const [order, id, ...more] = words;
  if ((order !== 'drain' && order !== 'resume') || id === undefined || more.length > 0) {
    throw new UsageError('expected drain or resume, and the id of one worker');
  }
  return withOperations(env, async (operations) => {
    const { orders } = operations;
    const { workers } = await operations.fleet();
    if (!workers.some((worker) => worker.id === id)) throw new OperatorError(`there is no live worker ${id}`);
    if (order === 'drain') await orders.drainWorker(id);
    else await orders.resumeWorker(id);
    output.write(`${id} ${order === 'drain' ? 'takes no new work' : 'takes work again'}\n`);
    return EXIT.ok;
  });
}
