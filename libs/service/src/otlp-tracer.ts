import { type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Logger } from './logger.ts';
import { parseTraceParent } from './trace-parent.ts';
import type { SpanAttributes, SpanOptions, Tracer, TraceSpan } from './tracer.ts';

export interface OtlpTracerOptions {
  /** Of the process, as `service.name`. */
  readonly name: string;
  /** Of the receiver; spans go to `/v1/traces` below it. */
  readonly endpoint: string;
  /** Part of the requests that are traced when their clients do not say, 0 to 1. */
  readonly sampling: number;
  /** Between two messages to the receiver, in milliseconds. */
  readonly everyMs?: number;
  readonly logger: Logger;
}

const EVERY_MS = 2_000;

/** Spans that may wait for the receiver; what is more is dropped, for a call must never wait for its trace. */
const MAX_WAITING = 8_192;
const MAX_TOGETHER = 512;
const EXPORT_TIMEOUT_MS = 3_000;

const KINDS = {
  server: SpanKind.SERVER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
  client: SpanKind.CLIENT,
} as const;

/** Sends spans by OTLP over HTTP. It is registered nowhere: plugins that trace by themselves are not in its way. */
export function createOtlpTracer({ name, endpoint, sampling, everyMs, logger }: OtlpTracerOptions): Tracer {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: EXPORT_TIMEOUT_MS });
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: MAX_WAITING,
    maxExportBatchSize: MAX_TOGETHER,
    scheduledDelayMillis: everyMs ?? EVERY_MS,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const provider = new TracerProvider({
    // Who is traced is decided before there is a span.
    sampler: new AlwaysOnSampler(),
    resource: resourceFromAttributes({ 'service.name': name, 'service.namespace': 'millrace' }),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('millrace');
  const start: Start = (span, context, { kind, attributes, link, startedAt }) => {
    const other = link === undefined ? undefined : parseTraceParent(link);
    const begun = tracer.startSpan(
      span,
      {
        kind: KINDS[kind ?? 'internal'],
        ...(attributes && { attributes }),
        ...(other && { links: [{ context: spanContextOf(other) }] }),
        ...(startedAt !== undefined && { startTime: startedAt }),
      },
      context,
    );
    return new OtlpSpan(begun, start);
  };
  return {
    begin(parent, describe) {
      const client = parent === undefined ? undefined : parseTraceParent(parent);
      if (client ? !client.sampled : Math.random() >= sampling) return undefined;
      const { name: span, ...options } = describe();
      return start(span, client ? contextOf(client) : ROOT_CONTEXT, options);
    },
    step(span, parent, options = {}) {
      const known = parseTraceParent(parent);
      return start(span, known ? contextOf(known) : ROOT_CONTEXT, options);
    },
    start: async () => undefined,
    stop: async () => {
      try {
        await provider.shutdown();
      } catch (error) {
        // A receiver that is away is no reason for a process to end badly.
        logger.warn({ err: error, endpoint }, 'the last spans were not sent');
      }
    },
  };
}

type Start = (name: string, context: Context, options: SpanOptions) => TraceSpan;

type Ids = Pick<NonNullable<ReturnType<typeof parseTraceParent>>, 'traceId' | 'spanId'>;

function spanContextOf({ traceId, spanId }: Ids) {
  return { traceId, spanId, traceFlags: 1, isRemote: true };
}

function contextOf(ids: Ids): Context {
  return trace.setSpanContext(ROOT_CONTEXT, spanContextOf(ids));
}

class OtlpSpan implements TraceSpan {
  readonly traceparent: string;
  readonly #span: Span;
  readonly #start: Start;
  #ended = false;

  constructor(span: Span, start: Start) {
    const { traceId, spanId } = span.spanContext();
    this.traceparent = `00-${traceId}-${spanId}-01`;
    this.#span = span;
    this.#start = start;
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(attributes);
  }

  step(name: string, options: SpanOptions = {}): TraceSpan {
    return this.#start(name, trace.setSpan(ROOT_CONTEXT, this.#span), options);
  }

  end(error?: string): void {
    if (this.#ended) return;
    this.#ended = true;
    if (error !== undefined) {
      this.#span.setAttribute('error.type', error);
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }
}
