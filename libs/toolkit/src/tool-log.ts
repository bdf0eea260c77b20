import { isLogged, type LogLevel } from '@millrace/protocol';
import type { CallSink } from './call-sink.ts';

type LogFunction = (data: unknown, logger?: string) => void;

/** Sends log messages to the client, for as long as the call runs. Below the client's level nothing is sent. */
export type ToolLog = Readonly<Record<LogLevel, LogFunction>>;

/** @param threshold least severe level that the client wants; it wants none without one */
export function createLog(threshold: LogLevel | undefined, sink: CallSink): ToolLog {
  const at = (level: LogLevel): LogFunction => {
    if (threshold === undefined || !isLogged(level, threshold)) return ignore;
    return (data, logger) =>
      sink.notify('notifications/message', { level, ...(logger !== undefined && { logger }), data });
  };
  return {
    debug: at('debug'),
    info: at('info'),
    notice: at('notice'),
    warning: at('warning'),
    error: at('error'),
    critical: at('critical'),
    alert: at('alert'),
    emergency: at('emergency'),
  };
}

function ignore(): void {}
