import type { Logger } from './logger.ts';
import type { TraceConfig, Tracer } from './tracer.ts';

/** The tracer of a process. What it takes is loaded only where it is used: an untraced process pays nothing. */
export async function loadTracer(
  name: string,
  config: TraceConfig,
  logger: Logger,
): Promise<Tracer | undefined> {
  const { traceEndpoint, traceSampling } = config;
  if (traceEndpoint === undefined) return undefined;
  const { createOtlpTracer } = await import('./otlp-tracer.ts');
  return createOtlpTracer({ name, endpoint: traceEndpoint, sampling: traceSampling, logger });
}
