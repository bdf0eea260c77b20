import { type Logger, pino } from 'pino';
import { prettyLine } from './pretty-line.ts';
import { withoutSecrets } from './redact.ts';

export type { Logger } from 'pino';

export const LOG_LEVEL_NAMES = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export type LogLevelName = (typeof LOG_LEVEL_NAMES)[number];

export function isLogLevelName(value: string): value is LogLevelName {
  return (LOG_LEVEL_NAMES as readonly string[]).includes(value);
}

export interface LoggerOptions {
  /** Name of the process or part, in every line. */
  readonly name: string;
  readonly level: LogLevelName;
  /** Lines for people instead of JSON. */
  readonly pretty?: boolean;
  /** Where lines go; standard output unless given. */
  readonly destination?: { write(line: string): void };
}

/** Structured logger: one JSON object per line, with `level` by name and `time` in ISO 8601. */
export function createLogger({ name, level, pretty = false, destination }: LoggerOptions): Logger {
  const options = {
    name,
    level,
    base: {},
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: object) => withoutSecrets(fields) as Record<string, unknown>,
    },
    serializers: { error: toSafeError, err: toSafeError },
  };
  const target = destination ?? pino.destination({ fd: 1, sync: true });
  return pino(options, pretty ? { write: (line: string) => void target.write(prettyLine(line)) } : target);
}

/** Messages of errors repeat what they were given, such as a URL with its password. */
function toSafeError(error: Error): unknown {
  return withoutSecrets({ ...pino.stdSerializers.err(error) });
}
