import { isJsonObject, type JsonObject } from '@millrace/protocol';

/** One request that the code under test made. */
export interface LoggedCall {
  readonly method: string;
  readonly params: JsonObject;
}

/** What a request is answered with: a result, an error to reject with, or a function of the request's parameters. */
export type MockResponse = JsonObject | Error | ((params: JsonObject) => unknown);

/**
 * Stands for the official MCP client in tests of code that uses one: it answers what it was told to, and keeps a log.
 * What it has no response for is refused, so that no test passes by chance.
 */
export class MockMcpClient {
  /** All requests so far, in their order. */
  readonly calls: LoggedCall[] = [];
  readonly #responses = new Map<string, MockResponse[]>();

  /** Sets what a tool answers: a text, or anything that `respond` takes. Several are given one after the other, the last for good. */
  respondToTool(name: string, ...responses: readonly (string | MockResponse)[]): this {
    const full = responses.map((one) => (typeof one === 'string' ? textResult(one) : one));
    return this.#set(keyOf('tools/call', { name }), full);
  }

  /**
   * Sets what a method answers.
   * @param method such as `resources/read`
   * @param responses given one after the other; the last stays for good
   */
  respond(method: string, ...responses: readonly MockResponse[]): this {
    return this.#set(method, responses);
  }

  /** The arguments of all calls of a tool, in their order. */
  callsOf(tool: string): JsonObject[] {
    return this.calls
      .filter(({ method, params }) => method === 'tools/call' && params['name'] === tool)
      .map(({ params }) => (isJsonObject(params['arguments']) ? params['arguments'] : {}));
  }

  /** Forgets the log, and keeps the responses. */
  clear(): void {
    this.calls.length = 0;
  }

  async connect(): Promise<void> {}

  async close(): Promise<void> {}

  callTool(params: { readonly name: string; readonly arguments?: JsonObject }): Promise<JsonObject> {
    return this.#answer('tools/call', params);
  }

  listTools(params: JsonObject = {}): Promise<JsonObject> {
    return this.#answer('tools/list', params);
  }

  readResource(params: { readonly uri: string }): Promise<JsonObject> {
    return this.#answer('resources/read', params);
  }

  listResources(params: JsonObject = {}): Promise<JsonObject> {
    return this.#answer('resources/list', params);
  }

  listResourceTemplates(params: JsonObject = {}): Promise<JsonObject> {
    return this.#answer('resources/templates/list', params);
  }

  getPrompt(params: {
    readonly name: string;
    readonly arguments?: Record<string, string>;
  }): Promise<JsonObject> {
    return this.#answer('prompts/get', params);
  }

  listPrompts(params: JsonObject = {}): Promise<JsonObject> {
    return this.#answer('prompts/list', params);
  }

  complete(params: JsonObject): Promise<JsonObject> {
    return this.#answer('completion/complete', params);
  }

  async #answer(method: string, params: JsonObject): Promise<JsonObject> {
    this.calls.push({ method, params: structuredClone(params) });
    const key = keyOf(method, params);
    const left = this.#responses.get(key) ?? this.#responses.get(method);
    const response = left && left.length > 1 ? left.shift() : left?.[0];
    if (response === undefined) throw new Error(`the mock client has no response for ${key}`);
    const given = typeof response === 'function' ? await response(params) : response;
    if (given instanceof Error) throw given;
    return (typeof given === 'string' ? textResult(given) : given) as JsonObject;
  }

  #set(key: string, responses: readonly MockResponse[]): this {
    if (responses.length === 0) throw new RangeError(`${key}: expected at least one response`);
    this.#responses.set(key, [...responses]);
    return this;
  }
}

function keyOf(method: string, params: JsonObject): string {
  return method === 'tools/call' ? `${method} ${params['name']}` : method;
}

function textResult(text: string): JsonObject {
  return { content: [{ type: 'text', text }] };
}
