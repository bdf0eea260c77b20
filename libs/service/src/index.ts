export {
  type AdminAnswer,
  type AdminMethods,
  type AdminRoute,
  AdminServer,
  type AdminServerOptions,
} from './admin-server.ts';
export type { Count } from './bound-counter.ts';
export { type Clock, systemClock } from './clock.ts';
export { type ConfigSource, loadConfig } from './config.ts';
export { EventLoopWatch } from './event-loop-watch.ts';
export { type Check, type CheckResult, type HealthReport, type HealthStatus, runChecks } from './health.ts';
export { healthRoutes } from './health-routes.ts';
export { METRICS } from './instruments.ts';
export { Lifecycle, type Phase } from './lifecycle.ts';
export { type ListenOptions, listen } from './listen.ts';
export { loadTracer } from './load-tracer.ts';
export { logLevelRoute } from './log-level-route.ts';
export { createLogger, type Logger, type LoggerOptions, type LogLevelName } from './logger.ts';
export { isLoopback } from './loopback.ts';
export { createMetrics, exposeMetrics, type Metrics } from './metrics.ts';
export { NODE_ENVIRONMENT, NODE_FLAGS } from './node-flags.ts';
export { ConfigError, OperatorError } from './operator-error.ts';
export { operatorGuard } from './operator-guard.ts';
export { PRINT_CONFIG, printedConfig } from './printed-config.ts';
export { observeDisk, watchProcess } from './process-figures.ts';
export { REDACTED, redact, redactText, withoutSecrets } from './redact.ts';
export { type Main, runMain } from './run-main.ts';
export type { Service } from './service.ts';
export { collectStartupGarbage } from './startup-garbage.ts';
export type { Tally } from './tally-histogram.ts';
export { parseTraceParent } from './trace-parent.ts';
export {
  type SpanAttributes,
  type SpanOptions,
  TRACE_SETTINGS,
  type TraceConfig,
  type Tracer,
  type TraceSpan,
} from './tracer.ts';
