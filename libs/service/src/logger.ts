import { type Logger, pino } from 'pino';
import { prettyLine } from './pretty-line.ts';

export type { Logger } from 'pino';

export type LogLevelName = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

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
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: pino.stdSerializers.err },
  };
  const target = destination ?? pino.destination({ fd: 1, sync: true });
  return pino(options, pretty ? { write: (line: string) => void target.write(prettyLine(line)) } : target);
}
