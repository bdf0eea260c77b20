import { z } from 'zod';

const ms = z.int().min(1);
const count = z.int().min(1);

/** How much the HTTP server of a front door puts up with; part of its settings. */
export const HTTP_SETTINGS = {
  /** From the begin of a request until its headers must be there. */
  headersTimeoutMs: ms.default(10_000),
  /** From the begin of a request until all of it must be there. */
  requestTimeoutMs: ms.default(60_000),
  /** How long a connection without a request is kept; longer than the usual load balancer does. */
  idleTimeoutMs: ms.default(75_000),
  maxHeaders: count.default(100),
  maxHeaderBytes: z.int().min(1_024).max(1_048_576).default(16_384),
  /** Connections that may be open, WebSockets included. */
  maxConnections: count.default(50_000),
  /** Streams and WebSockets that one principal may have open. */
  maxStreamsPerPrincipal: count.default(1_000),
  /** Origins whose pages may read answers; `*` for all. Closed to all unless given. */
  corsOrigins: z
    .array(z.string().regex(/^(\*|https?:\/\/[^\s/?#]+)$/, 'an origin such as https://app.example.com, or *'))
    .default([]),
} as const;

const settings = z.object(HTTP_SETTINGS);

export type HttpSettings = Readonly<z.output<typeof settings>>;

/** What a front door has unless it is told otherwise. */
export const DEFAULT_HTTP_SETTINGS: HttpSettings = settings.parse({});
