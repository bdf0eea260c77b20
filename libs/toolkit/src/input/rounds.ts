import { setTimeout as wait } from 'node:timers/promises';
import { type Call, type JsonObject, MillraceError } from '@millrace/protocol';
import { type CallContext, SinkContext } from '../call-context.ts';
import { failedResult, passesThrough, toProtocolError } from '../failure.ts';
import { type InputRequired, isInputRequired, readNeeds } from './input-required.ts';

/** Rounds of one call with a client that is asked while the call runs. */
const MOST_ROUNDS = 8;

/** Pause before a handler that only wanted to keep a state is run again, in milliseconds. */
const PAUSE_MS = 100;

/**
 * Runs a handler until it has all the input that it asks for. A client of the 2026-07-28 revision gets the requests as
 * the result and calls again; any other is asked at once, and the handler is then run again.
 * @param run one run of the handler, from its start
 */
export async function runRounds(
  call: Call,
  context: CallContext,
  run: () => Promise<JsonObject>,
): Promise<JsonObject> {
  if (!(context instanceof SinkContext)) return run();
  // A state that is not the call's own is refused even by a handler that never looks at it.
  if (call.params['requestState'] !== undefined) context.openInputs();
  for (let round = 1; ; round += 1) {
    let result: JsonObject;
    try {
      result = await run();
    } catch (thrown) {
      if (!needsOf(context)) throw thrown;
      result = {};
    }
    // What was asked and has no answer counts, whatever the handler made of that.
    const needed = needsOf(context) ?? result;
    if (!isInputRequired(needed)) return result;
    const last = await answerNeeds(needed, call, context, round);
    if (last) return last;
  }
}

/** Sends the call back to its client, or asks the client and prepares the next run. @returns the result, if it is due */
async function answerNeeds(
  needed: JsonObject,
  call: Call,
  context: SinkContext,
  round: number,
): Promise<JsonObject | undefined> {
  const requests = readNeeds(needed, call.target);
  const inputs = context.openInputs();
  for (const [, request] of requests) inputs.require(request);
  inputs.keep(needed);
  if (!(await inputs.live)) return inputs.suspend(requests);
  if (round > MOST_ROUNDS) {
    throw new MillraceError('tool_error', `${call.target} asked for input more than ${MOST_ROUNDS} times`);
  }
  try {
    if (requests.length === 0) await wait(PAUSE_MS, undefined, { signal: context.signal });
    await Promise.all(requests.map(([key, request]) => inputs.push(request, key)));
  } catch (thrown) {
    return failed(thrown, call, context);
  }
  inputs.restart();
  return undefined;
}

function failed(thrown: unknown, { method }: Call, context: CallContext): JsonObject {
  if (method !== 'tools/call') throw toProtocolError(thrown, context);
  if (passesThrough(thrown, context)) throw thrown;
  return failedResult(thrown, context.requestId);
}

function needsOf({ inputs }: SinkContext): (InputRequired & JsonObject) | undefined {
  if (inputs === undefined || inputs.needed.size === 0) return undefined;
  return { resultType: 'input_required', inputRequests: Object.fromEntries(inputs.needed) };
}
