import { createLogger } from './logger.ts';
import { withoutSecrets } from './redact.ts';
import type { Main } from './run-main.ts';

/** Argument with which a program prints its settings and ends. */
export const PRINT_CONFIG = '--print-config';

/** A program that prints its settings, defaults filled in and without secrets, instead of running. */
export function printedConfig(config: object, output: { write(text: string): unknown }): Main {
  output.write(`${JSON.stringify(withoutSecrets({ ...config }), undefined, 2)}\n`);
  return {
    service: { start: async () => undefined, stop: async () => undefined },
    ended: Promise.resolve(),
    shutdownTimeoutMs: 1_000,
    logger: createLogger({ name: 'config', level: 'silent' }),
  };
}
