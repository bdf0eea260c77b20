import { createLogger, runMain } from '@millrace/service';
import { loadWorkerConfig } from './config.ts';
import { loadMiddleware, loadPlugins } from './plugin-loader.ts';
import { createWorker } from './worker.ts';

await runMain(async () => {
  const config = loadWorkerConfig({ env: process.env });
  const logger = createLogger({ name: 'worker', level: config.logLevel, pretty: config.logPretty });
  const plugins = await loadPlugins(config.plugins, process.cwd());
  const middleware = await loadMiddleware(config.middleware, process.cwd());
  const service = createWorker(config, { plugins, middleware, env: process.env, logger });
  return { service, shutdownTimeoutMs: config.shutdownTimeoutMs, logger };
}, process);
