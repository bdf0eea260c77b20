import {
  collectStartupGarbage,
  createLogger,
  loadTracer,
  PRINT_CONFIG,
  printedConfig,
  runMain,
} from '@millrace/service';
import { loadFrontDoorConfig } from './config.ts';
import { createFrontDoor } from './front-door.ts';

await runMain(async () => {
  const config = loadFrontDoorConfig({ env: process.env });
  if (process.argv.includes(PRINT_CONFIG)) return printedConfig(config, process.stdout);
  const logger = createLogger({ name: 'front-door', level: config.logLevel, pretty: config.logPretty });
  const tracer = await loadTracer('millrace-front-door', config, logger);
  const service = createFrontDoor(config, { logger, tracer });
  collectStartupGarbage(process.execArgv);
  return { service, shutdownTimeoutMs: config.shutdownTimeoutMs, logger };
}, process);
