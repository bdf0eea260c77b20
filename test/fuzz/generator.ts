import { isUtf8 } from 'node:buffer';
import { META, MODERN_REVISION } from '@millrace/protocol';
import { specTypeSchemas } from '@modelcontextprotocol/server';
import type { Random } from '../chaos/random.ts';
import { garble, mutate } from './mutation.ts';
import { NASTY_TEXTS, sample } from './sample.ts';
import type { Shot } from './shot.ts';

type Json = Record<string, unknown>;

/** Requests by the name of their type in the specification. */
const REQUESTS = [
  ...['CallToolRequest', 'CallToolRequest', 'CallToolRequest', 'CompleteRequest', 'GetPromptRequest'],
  ...['ListPromptsRequest', 'ListResourcesRequest', 'ListResourceTemplatesRequest', 'ListToolsRequest'],
  ...['PingRequest', 'ReadResourceRequest', 'SetLevelRequest', 'SubscribeRequest', 'UnsubscribeRequest'],
  ...['InitializeRequest', 'DiscoverRequest', 'GetTaskRequest', 'CancelTaskRequest'],
  ...[
    'CancelledNotification',
    'InitializedNotification',
    'ProgressNotification',
    'RootsListChangedNotification',
  ],
] as const;

type SpecType = (typeof REQUESTS)[number];

/** What the fuzzing client may use, so that some of what it sends gets all the way to a worker. */
const TOOLS = ['echo', 'add'];
const RESOURCES = ['note://1', 'note://a'];

const SESSION_REVISIONS = ['2025-03-26', '2025-06-18', '2025-11-25'] as const;

/** Methods that only clients of one era know. */
const MODERN_ONLY = new Set<SpecType>(['DiscoverRequest']);

const LIMITS = { depth: 64 };

export interface GeneratorOptions {
  readonly random: Random;
  /** Sent with every request over HTTP. */
  readonly credentials: Readonly<Record<string, string>>;
}

/** Makes up requests from the schemas of the protocol, and breaks most of them. */
export class Generator {
  readonly #random: Random;
  readonly #credentials: Readonly<Record<string, string>>;
  #id = 0;

  constructor({ random, credentials }: GeneratorOptions) {
    this.#random = random;
    this.#credentials = credentials;
  }

  next(transport: Shot['transport']): Shot {
    const random = this.#random;
    const type = random.one(REQUESTS);
    const modern = MODERN_ONLY.has(type) || random.next() < 0.5;
    const message = this.#message(type, modern);
    const headers = this.#headers(message, modern);
    const how = random.pick([
      ['as it is', 1],
      ['changed', 6],
      ['garbled', 2],
      ['other headers', transport === 'http' ? 2 : 0],
    ] as const);
    const name = `${type} ${how}`;
    const text = JSON.stringify(message);
    if (how === 'changed') {
      const changed = JSON.stringify(mutate(message, random));
      return { name, transport, headers, body: changed, mustFail: !isAcceptable(changed) };
    }
    if (how === 'garbled') {
      const body = garble(text, random);
      // Over WebSocket the text comes out of the same bytes, or the frame is no text.
      return {
        name,
        transport,
        headers,
        body,
        mustFail: !isUtf8(body) || !isAcceptable(Buffer.from(body).toString()),
      };
    }
    if (how === 'other headers') return { name, transport, body: text, ...this.#breakHeaders(headers, type) };
    return { name, transport, headers, body: text, mustFail: !isAcceptable(text) };
  }

  #message(type: SpecType, modern: boolean): Json {
    const made = sample(jsonSchemaOf(type), this.#random) as Json;
    const params = (made['params'] ?? {}) as Json;
    this.#aim(type, params);
    if (modern) params['_meta'] = { ...(params['_meta'] as Json | undefined), ...MODERN_META };
    this.#id += 1;
    const id = type.endsWith('Notification') ? {} : { id: this.#id };
    return { jsonrpc: '2.0', ...id, ...made, params };
  }

  /** Lets most requests name something that is there. */
  #aim(type: SpecType, params: Json): void {
    const random = this.#random;
    if (random.next() < 0.2) return;
    if (type === 'CallToolRequest') {
      params['name'] = random.one(TOOLS);
      params['arguments'] = params['name'] === 'echo' ? { text: random.one(NASTY_TEXTS) } : { a: 1, b: 2 };
      delete params['task'];
    }
    if (type === 'ReadResourceRequest') params['uri'] = random.one(RESOURCES);
    if (type === 'InitializeRequest') params['protocolVersion'] = random.one(SESSION_REVISIONS);
  }

  #headers(message: Json, modern: boolean): Record<string, string> {
    const params = message['params'] as Json;
    const name = params['name'] ?? params['uri'] ?? params['taskId'];
    return {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...this.#credentials,
      'mcp-protocol-version': modern ? MODERN_REVISION : this.#random.one(SESSION_REVISIONS),
      ...(modern && { 'mcp-method': String(message['method']) }),
      ...(modern && typeof name === 'string' && { 'mcp-name': encodeHeader(name) }),
    };
  }

  /** Makes one header wrong, so that the request must not pass. */
  #breakHeaders(headers: Record<string, string>, type: SpecType): Pick<Shot, 'headers' | 'mustFail'> {
    const broken = this.#random.one<Record<string, string>>([
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-encoding': 'gzip' },
      { accept: 'text/html' },
      { 'mcp-protocol-version': '1999-01-01' },
      { 'mcp-session-id': 'made-up' },
      { host: 'evil.example' },
      { origin: 'https://evil.example' },
      { authorization: 'Bearer made-up' },
      { authorization: 'Basic YTpi' },
      { authorization: '' },
      { 'x-api-key': 'a second credential' },
    ]);
    // Requests that need no session are served whatever session they name, and the version of a new one is negotiated.
    const harmless =
      'mcp-session-id' in broken || ('mcp-protocol-version' in broken && type === 'InitializeRequest');
    return { headers: { ...headers, ...broken }, mustFail: !harmless };
  }
}

const MODERN_META = {
  [META.protocolVersion]: MODERN_REVISION,
  [META.clientInfo]: { name: 'fuzz', version: '1' },
  [META.clientCapabilities]: {},
};

function encodeHeader(text: string): string {
  return /^[ -~]*$/.test(text) && text.trim() === text
    ? text
    : `=?base64?${Buffer.from(text).toString('base64')}?=`;
}

/** Whether a server may give a result for this text: the specification's own schemas say so. */
function isAcceptable(text: string): boolean {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Not JSON: the parse error is the answer.
    return false;
  }
  const messages = Array.isArray(parsed) ? parsed : [parsed];
  return messages.some(isValidRequest) && depthOf(parsed) <= LIMITS.depth && !/"__proto__":/.test(text);
}

function isValidRequest(message: unknown): boolean {
  if (!conforms('JSONRPCRequest', message)) return false;
  const { method } = message as { method: string };
  const type = REQUESTS.find((name) => METHODS.get(name) === method);
  return type !== undefined && conforms(type, message);
}

function conforms(type: keyof typeof specTypeSchemas, value: unknown): boolean {
  const outcome = specTypeSchemas[type]['~standard'].validate(value);
  if (outcome instanceof Promise) throw new Error(`${type} is checked later`);
  return outcome.issues === undefined;
}

/** The SDK types its schemas as validators only; they also give their JSON Schema. */
function jsonSchemaOf(type: SpecType): Json {
  const standard = specTypeSchemas[type]['~standard'] as unknown as {
    readonly jsonSchema: { input(options: { target: string }): Json };
  };
  return standard.jsonSchema.input({ target: 'draft-2020-12' });
}

const METHODS = new Map(
  REQUESTS.map((type) => {
    const { properties } = jsonSchemaOf(type) as { properties: { method: { const: string } } };
    return [type, properties.method.const] as const;
  }),
);

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
