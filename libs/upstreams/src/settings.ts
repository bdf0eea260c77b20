import { toolPoliciesSchema } from '@millrace/protocol';
import { z } from 'zod';

const ms = z.int().min(1);
const count = z.int().min(1);
/** A name in which `*` stands for anything. */
const pattern = z.string().min(1);
const texts = z.record(z.string(), z.string());

/** What may be said of one tool of an upstream, by its name there; `*` in a name stands for anything. */
const toolSchema = z.strictObject({
  /** Longest run in milliseconds. */
  timeoutMs: ms.optional(),
  /** Whether a second run does no harm; follows the annotations of the tool unless given. */
  idempotent: z.boolean().optional(),
  task: z.enum(['never', 'optional', 'required']).optional(),
  promoteAfterMs: ms.optional(),
  policies: toolPoliciesSchema.optional(),
});

const schema = z
  .strictObject({
    /** Program that speaks MCP on its standard input and output. */
    command: z.string().min(1).optional(),
    args: z.array(z.string()).default([]),
    cwd: z.string().min(1).optional(),
    /** Variables that its processes get. */
    env: texts.default({}),
    /** Names of variables that they get from the worker, besides those that every program needs. */
    envFrom: z.array(z.string().min(1)).default([]),
    /** Address of a Streamable HTTP server, instead of a command. */
    url: z.url({ protocol: /^https?$/ }).optional(),
    headers: texts.default({}),
    /** Protocol era that it speaks; it is asked unless given. */
    era: z.enum(['auto', 'modern', 'session']).default('auto'),
    /** Pool of workers that serves it. */
    pool: z
      .string()
      .regex(/^[\w.-]+$/, 'a name of letters, digits, ".", "_" and "-"')
      .default('default'),
    /** Processes that run even when there is nothing to do; 0 starts the first one with the first call. */
    min: z.int().min(0).default(1),
    /** Processes of one worker at most; those that are being stopped count. */
    max: count.max(1_000).default(4),
    /** Calls that one process is given at the same time. */
    concurrency: count.default(1),
    /** A process is replaced after this many calls, or at this age; 0: never. */
    recycleAfterCalls: z.int().min(0).default(0),
    recycleAfterMs: z.int().min(0).default(0),
    /** Processes above `min` that had nothing to do for this long are stopped. */
    idleStopMs: ms.default(300_000),
    /** From the start of the process until it has answered the handshake. */
    startTimeoutMs: ms.default(30_000),
    /** From the request to end until it is killed, with all that it has started. */
    stopGraceMs: ms.default(2_000),
    /** An idle process is asked this often whether it still answers, and has this long for it. */
    healthMs: ms.default(30_000),
    healthTimeoutMs: ms.default(5_000),
    /** Starts in a row that may fail before calls are refused at once, and for how long. */
    breakerFailures: count.default(3),
    breakerMs: ms.default(10_000),
    /** Lines of its standard error that are logged per second; what is above is counted. */
    stderrPerSecond: count.default(20),
    /** `session`: it keeps state in its process, so that each session or handle has a process of its own. */
    affinity: z.enum(['none', 'session']).default('none'),
    /** Longest run of each of its tools, resources and prompts, in milliseconds. */
    timeoutMs: ms.optional(),
    /** Put before the names of its tools and prompts. */
    prefix: z.string().default(''),
    /** New names of tools and prompts, by those that it gives them; the prefix is not put before these. */
    rename: texts.default({}),
    /** Tools that are served, by the upstream's names; all unless given. */
    include: z.array(pattern).optional(),
    /** Tools that are not served, even when they are included. */
    exclude: z.array(pattern).default([]),
    tools: z.record(pattern, toolSchema).default({}),
  })
  .refine(({ command, url }) => (command === undefined) !== (url === undefined), {
    message: 'give either command or url',
  })
  .refine(({ min, max }) => min <= max, { path: ['min'], message: 'must not be more than max' })
  .refine(({ affinity, concurrency }) => affinity === 'none' || concurrency === 1, {
    path: ['concurrency'],
    message: 'must be 1 with affinity "session": a session makes one call after the other',
  });

/** How one existing MCP server is hosted; times in milliseconds. */
export type UpstreamSettings = Readonly<z.output<typeof schema>> & { readonly name: string };

/** The same, as an operator writes it. */
export type UpstreamInput = z.input<typeof schema>;

export type ToolSettings = Readonly<z.output<typeof toolSchema>>;

export const upstreamSchema = schema;
