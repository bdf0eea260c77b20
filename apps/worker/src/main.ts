import {
  collectStartupGarbage,
  createLogger,
  Lifecycle,
  loadTracer,
  PRINT_CONFIG,
  printedConfig,
  runMain,
} from '@millrace/service';
import { loadWorkerConfig } from './config.ts';
import { loadUpstreams } from './hosted-upstreams.ts';
import { loadMiddleware, loadPlugins } from './plugin-loader.ts';
import { PluginWatch } from './plugin-watch.ts';
import { createWorker } from './worker.ts';

await runMain(async () => {
  const config = loadWorkerConfig({ env: process.env });
  if (process.argv.includes(PRINT_CONFIG)) return printedConfig(config, process.stdout);
  const logger = createLogger({ name: 'worker', level: config.logLevel, pretty: config.logPretty });
  const tracer = await loadTracer('millrace-worker', config, logger);
  const plugins = await loadPlugins(config.plugins, process.cwd());
  const middleware = await loadMiddleware(config.middleware, process.cwd());
  const upstreams = await loadUpstreams(config.upstreams, process.env);
  const worker = createWorker(config, { plugins, middleware, upstreams, env: process.env, logger, tracer });
  const { registry } = worker;
  const watch = new PluginWatch({
    specifiers: config.plugins,
    directory: process.cwd(),
    known: plugins,
    registry,
    logger,
  });
  const service = config.watch ? new Lifecycle([worker, watch]) : worker;
  collectStartupGarbage(process.execArgv);
  return { service, shutdownTimeoutMs: config.shutdownTimeoutMs, logger };
}, process);
