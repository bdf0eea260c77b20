import { createLogger, systemClock } from '@millrace/service';
import type { ServeCommand } from '../command.ts';

const SHUTDOWN_MS = 1_500;

export const keys: ServeCommand = {
  name: 'keys',
  summary: 'make, list, rotate and revoke the API keys of a cluster',
  words: ['create', 'list', 'revoke', 'rotate'],
  usage: [
    'create --name NAME --role ROLE … [--tenant TENANT] [--expires 90d]',
    'list [--json]',
    'revoke ID',
    'rotate ID [--grace 1h]',
  ],
  notes: 'REDIS_URL and MILLRACE_ENVELOPE_KEY name the cluster.',
  examples: [['keys create --name ci --role execute:tools --expires 90d', 'prints the key, once']],
  async serve(args, { env, output, errors }) {
    const { loadKeysConfig } = await import('../config.ts');
    const { ApiKeys } = await import('../keys.ts');
    const { parseKeysCommand } = await import('../keys-command.ts');
    const logger = createLogger({ name: 'keys', level: 'warn', destination: errors });
    const service = new ApiKeys({
      command: parseKeysCommand(args),
      config: loadKeysConfig(env),
      clock: systemClock,
      logger,
      print: (text) => output.write(`${text}\n`),
    });
    return { service, ended: service.ended, logger, shutdownTimeoutMs: SHUTDOWN_MS };
  },
};
