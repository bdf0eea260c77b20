import { createLogger, runMain } from '@millrace/service';
import { loadFrontDoorConfig } from './config.ts';
import { createFrontDoor } from './front-door.ts';

await runMain(async () => {
  const config = loadFrontDoorConfig({ env: process.env });
  const logger = createLogger({ name: 'front-door', level: config.logLevel, pretty: config.logPretty });
  return {
    service: createFrontDoor(config, { logger }),
    shutdownTimeoutMs: config.shutdownTimeoutMs,
    logger,
  };
}, process);
