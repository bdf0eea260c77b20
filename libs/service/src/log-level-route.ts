import type { AdminAnswer, AdminMethods } from './admin-server.ts';
import { isLogLevelName, LOG_LEVEL_NAMES, type Logger } from './logger.ts';

/** Tells the level of the log, and changes it until the process ends: `PUT` with the name of a level. */
export function logLevelRoute(logger: Logger): AdminMethods {
  const tell = (): AdminAnswer => ({ body: { level: logger.level } });
  return {
    get: tell,
    put: (body) => {
      const wanted = body.trim();
      if (!isLogLevelName(wanted)) {
        return { status: 400, body: { error: `expected one of ${LOG_LEVEL_NAMES.join(', ')}` } };
      }
      const from = logger.level;
      logger.level = wanted;
      // Said at a level that shows it on the way up and on the way down.
      logger.warn({ from, to: wanted }, 'the log level was changed');
      return tell();
    },
  };
}
