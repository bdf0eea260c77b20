import { z } from 'zod';
import type { Service } from './service.ts';

/** How spans relate to what is around them; the words are those of OpenTelemetry. */
export type SpanKind = 'server' | 'consumer' | 'internal' | 'client';

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: SpanAttributes;
  /** Another span that has to do with it, as a `traceparent`. */
  readonly link?: string | undefined;
  /** When it began, in epoch milliseconds; now unless given. */
  readonly startedAt?: number;
}

export interface SpanDescription extends SpanOptions {
  readonly name: string;
}

/** One step of a traced call. */
export interface TraceSpan {
  /** What names it to others, in the form of the W3C. */
  readonly traceparent: string;
  set(attributes: SpanAttributes): void;
  /** Begins a step of this one. */
  step(name: string, options?: SpanOptions): TraceSpan;
  /** Ends it, once. @param error type of the failure; none when it went well */
  end(error?: string): void;
}

/** Begins spans. There is no tracer where tracing is off, and no span for what is not traced. */
export interface Tracer extends Service {
  /**
   * Decides by what its client says whether a request is traced; when that says nothing, chance decides.
   *
   * @param parent `traceparent` of the client, if it is one
   * @param describe asked only for a request that is traced
   * @returns undefined for most requests, at nearly no cost
   */
  begin(parent: string | undefined, describe: () => SpanDescription): TraceSpan | undefined;
  /** A step of something that is traced elsewhere. */
  step(name: string, parent: string, options?: SpanOptions): TraceSpan;
}

/** Settings of tracing, the same for every program. */
export const TRACE_SETTINGS = {
  /** Where spans go, by OTLP over HTTP; nothing is traced without it. */
  traceEndpoint: z.url({ protocol: /^https?$/ }).optional(),
  /** Part of the requests that are traced when their clients do not say. */
  traceSampling: z.number().min(0).max(1).default(0.01),
};

export interface TraceConfig {
  readonly traceEndpoint?: string | undefined;
  readonly traceSampling: number;
}
