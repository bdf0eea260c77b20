import type { JsonObject } from '@millrace/protocol';
import type { GatheredTool } from './gathered-tool.ts';

/** What a worker gives for one call. */
export interface CallSink {
  readonly signal: AbortSignal;
  /**
   * Whether the client can be asked while the call runs although its revision knows no requests of servers: because
   * the call runs as a task. Clients of sessions can always be asked. A promise where it has to be found out.
   */
  readonly live?: boolean | Promise<boolean>;
  /** The step of a trace that the call is now, in the form of the W3C; absent for what is not traced. */
  readonly traceparent?: string;
  /** Sends one JSON-RPC notification to the client. */
  notify(method: string, params: JsonObject): void;
  /**
   * Asks the client and gives its result. Rejects with a `ClientError` when the client answers with an error, and
   * with the reason of the signal when the call ends first.
   * @param key names the request among all of the call
   */
  request(method: string, params: JsonObject, key: string): Promise<JsonObject>;
  /** Tells the client of a task how far it is. Absent where there are no tasks. */
  status?(message: string): void;
  /** Lets the client close its stream and come back; absent where that cannot be. */
  pause?(): void;
  /** Runs the call together with others of its tool, and gives what is its own; absent where each runs alone. */
  gather?(tool: GatheredTool, item: unknown): Promise<unknown>;
}
