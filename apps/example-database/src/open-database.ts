import type { PluginHost } from '@millrace/toolkit';
import type { Database } from './database.ts';

/** The database that `DATABASE_URL` names, or an embedded one: in memory, or in `MILLRACE_EXAMPLE_DATA_DIR`. */
export async function openDatabase({
  env,
  log,
  openPool,
  reportPool,
}: Pick<PluginHost, 'env' | 'log' | 'openPool' | 'reportPool'>): Promise<Database> {
  // Only the driver that is used is loaded: the embedded one is large.
  const url = env['DATABASE_URL'];
  if (url) {
    const { openPostgres } = await import('./postgres.ts');
    return openPostgres(url, log, reportPool);
  }
  const { openEmbedded } = await import('./embedded.ts');
  return openEmbedded(openPool, env['MILLRACE_EXAMPLE_DATA_DIR']);
}
