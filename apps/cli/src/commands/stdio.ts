import { createLogger } from '@millrace/service';
import type { ServeCommand } from '../command.ts';

/** The client of a pipe waits for a moment only before it ends the process itself. */
const SHUTDOWN_MS = 1_500;

export const stdio: ServeCommand = {
  name: 'stdio',
  summary: 'serve the whole cluster on standard input and output, as a local MCP server',
  usage: ['--url http://HOST:8080/mcp | ws://HOST:8080/ws', '--redis redis://HOST:6379 [--prefix millrace]'],
  options: {
    url: { type: 'string', value: 'URL', help: 'through a front door, over HTTP or WebSocket' },
    redis: { type: 'string', value: 'URL', help: 'straight onto the queues' },
    prefix: {
      type: 'string',
      value: 'PREFIX',
      help: 'what the names of the cluster in Redis begin with (millrace)',
    },
  },
  notes:
    'MILLRACE_API_KEY (or MILLRACE_API_KEY_FILE) is the key that it shows. With --redis, the settings of the front doors for Sentinels, Redis Cluster, certificates and payload keys count, too.',
  examples: [
    ['stdio --url http://127.0.0.1:8080/mcp', 'as the command of a local server in the settings of an agent'],
  ],
  async serve(args, { env, input, output, errors }) {
    const { loadApiKey, loadRedisAccess } = await import('../config.ts');
    const { Stdio } = await import('../stdio.ts');
    const { transportFor } = await import('../stdio-target.ts');
    // Standard output belongs to the protocol.
    const logger = createLogger({ name: 'stdio', level: 'warn', destination: errors });
    const transport = transportFor(args, logger, loadApiKey(env), loadRedisAccess(env));
    const onError = (error: Error) => logger.warn({ err: error }, 'the connection to the cluster');
    const service = new Stdio({ transport, input, output, onError });
    return { service, ended: service.ended, logger, shutdownTimeoutMs: SHUTDOWN_MS };
  },
};
