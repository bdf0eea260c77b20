import { fileURLToPath } from 'node:url';
import { createLogger } from '@millrace/service';
import { type ServeCommand, UsageError } from '../command.ts';

const pathOf = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

export const up: ServeCommand = {
  name: 'up',
  summary: 'start a front door and a worker, and Redis unless REDIS_URL names one',
  usage: [''],
  notes: `
Settings, as environment variables or in the JSON file that MILLRACE_CONFIG names:
  REDIS_URL                   the Redis to use; without it a private one is started
  MILLRACE_HTTP_PORT          port of the MCP endpoint (8080)
  MILLRACE_ADMIN_PORT         admin port of the front door (9090)
  MILLRACE_WORKER_ADMIN_PORT  admin port of the worker (9091)
  MILLRACE_AUTH               api-key, jwt or both; nobody is authenticated without it
  MILLRACE_PLUGINS            modules of tools, comma-separated (the example database)
All other settings of the front door and the worker are passed on to them.`,
  examples: [
    ['up', 'the example tools on http://127.0.0.1:8080/mcp'],
    ['up    # with MILLRACE_PLUGINS=./my-tools.ts', 'your tools instead'],
  ],
  async serve(args, { env, output }) {
    if (args.length > 0) throw new UsageError(`up takes no arguments, and got "${args.join(' ')}"`);
    const { loadUpConfig } = await import('../config.ts');
    const { createUp } = await import('../up.ts');
    const config = loadUpConfig(env);
    return createUp({
      config,
      frontDoorMain: pathOf('front-door/src/main.ts'),
      workerMain: pathOf('worker/src/main.ts'),
      examplePlugin: pathOf('example-database/src/index.ts'),
      env,
      logger: createLogger({ name: 'millrace', level: config.logLevel, pretty: config.logPretty }),
      print: (text) => output.write(`${text}\n`),
    });
  },
};
