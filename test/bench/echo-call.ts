import { type Call, MODERN_REVISION } from '@millrace/protocol';
import { textOf, toolCallParams } from './mcp-request.ts';

const DEADLINE_MS = 30_000;

/** The call that a front door makes of the same request over HTTP. */
export function echoCall(number: number): Call {
  return {
    id: `bench-${number}`,
    method: 'tools/call',
    target: 'echo',
    params: toolCallParams('echo', number),
    revision: MODERN_REVISION,
    deadline: Date.now() + DEADLINE_MS,
  };
}

/** The answer to a call, as the hand-coded workers of the compared transports give it: JSON text. */
export function echoAnswer(call: Call): string {
  const { text } = call.params['arguments'] as { text: string };
  return JSON.stringify({ resultType: 'complete', content: [{ type: 'text', text }] });
}

/** Throws when the JSON text of an answer does not echo the call of that number. */
export function checkEcho(payload: string, number: number): void {
  if (!payload.includes(`"text":"${textOf(number)}"`))
    throw new Error(`call ${number} was answered with ${payload}`);
}
