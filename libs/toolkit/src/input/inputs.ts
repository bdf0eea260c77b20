import { randomUUID } from 'node:crypto';
import { type Call, clientCapabilitiesOf, eraOf, type JsonObject } from '@millrace/protocol';
import type { CallSink } from '../call-sink.ts';
import { fits, readAnswers } from './answer.ts';
import { requireCapability } from './client-capabilities.ts';
import type { InputRequest } from './input-request.ts';
import type { RequestState, RoundState } from './request-state.ts';

/** Ends a run of a handler whose call goes back to the client for input. Handlers let it pass. */
export class InputNeeded extends Error {
  override readonly name = 'InputNeeded';

  constructor(key: string) {
    super(`The client is asked for "${key}": the handler runs again, from its start, with the answer`);
  }
}

/**
 * What one call has asked its client for and been given, over all runs of its handler. A client that cannot be asked
 * while the call runs (2026-07-28) is asked by the result, and the call comes back with the answers.
 */
export class Inputs {
  readonly #call: Call;
  readonly #sink: CallSink;
  readonly #states: RequestState;
  readonly #answers: Map<string, JsonObject>;
  #state: unknown;
  /** What this run asked for and has no answer to, by key. */
  readonly #needed = new Map<string, InputRequest>();
  readonly #taken = new Set<string>();
  #unnamed = 0;

  /** Throws `invalid_params` when the call comes with a state that is not its own. */
  constructor(call: Call, sink: CallSink, states: RequestState) {
    this.#call = call;
    this.#sink = sink;
    this.#states = states;
    const isModern = eraOf(call.revision) === 'modern';
    const earlier = isModern ? openState(call, states) : undefined;
    this.#answers = new Map(Object.entries(earlier?.answers ?? {}));
    this.#state = earlier?.state;
    if (!isModern) return;
    for (const [key, answer] of readAnswers(call.params['inputResponses'])) this.#answers.set(key, answer);
  }

  /** Whether the client can be asked while the call runs. */
  get live(): boolean | Promise<boolean> {
    return eraOf(this.#call.revision) === 'session' || (this.#sink.live ?? false);
  }

  get answers(): Readonly<Record<string, JsonObject>> {
    return Object.fromEntries(this.#answers);
  }

  get state(): unknown {
    return this.#state;
  }

  get needed(): ReadonlyMap<string, InputRequest> {
    return this.#needed;
  }

  /** The answer that is known, or that the client gives now; else the run has to end. */
  async ask(request: InputRequest, given?: string): Promise<JsonObject> {
    const key = this.#take(given);
    const known = this.#answers.get(key);
    if (known && fits(request.method, known)) return known;
    this.require(request);
    const { live } = this;
    if (typeof live === 'boolean' ? live : await live) return this.push(request, key);
    this.#needed.set(key, request);
    throw new InputNeeded(key);
  }

  /** Asks a client that can be asked while the call runs. */
  async push({ method, params }: InputRequest, key: string): Promise<JsonObject> {
    const id = params?.['mode'] === 'url' && { elicitationId: randomUUID() };
    const answer = await this.#sink.request(method, { ...id, ...params }, key);
    if (!fits(method, answer)) throw new Error(`The client gave no valid answer to ${method}`);
    this.#answers.set(key, answer);
    return answer;
  }

  require(request: InputRequest): void {
    requireCapability(request, clientCapabilitiesOf(this.#call));
  }

  /** Keeps the handler's state for its next run; without one the last state stays. */
  keep(result: JsonObject): void {
    if (result['state'] !== undefined) this.#state = result['state'];
  }

  /** The result that sends the call back to the client. Answers that are asked for again are forgotten. */
  suspend(requests: readonly (readonly [string, InputRequest])[]): JsonObject {
    for (const [key] of requests) this.#answers.delete(key);
    const round: RoundState = {
      answers: this.answers,
      ...(this.#state !== undefined && { state: this.#state }),
    };
    return {
      resultType: 'input_required',
      ...(requests.length > 0 && { inputRequests: Object.fromEntries(requests) }),
      requestState: this.#states.seal(this.#call, round),
    };
  }

  /** Prepares for the next run of the handler, which asks everything again in the same order. */
  restart(): void {
    this.#needed.clear();
    this.#taken.clear();
    this.#unnamed = 0;
    // As it would come back through a client.
    if (this.#state !== undefined) this.#state = JSON.parse(JSON.stringify(this.#state));
  }

  #take(given: string | undefined): string {
    if (given === undefined) this.#unnamed += 1;
    const key = given ?? `input-${this.#unnamed}`;
    if (this.#taken.has(key)) throw new Error(`The key "${key}" was asked for twice in one run`);
    this.#taken.add(key);
    return key;
  }
}

function openState(call: Call, states: RequestState): RoundState | undefined {
  const { requestState } = call.params;
  return requestState === undefined ? undefined : states.open(call, requestState);
}
