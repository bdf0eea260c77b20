import { ERROR_META_KEY } from '@millrace/protocol';
import type { Session } from '../support/session.ts';
import { type JsonRpcResponse, send, toolCall, type WireRequest } from '../support/wire.ts';

export interface Said {
  readonly handle?: string;
  readonly version?: string;
  readonly value?: unknown;
  readonly count?: number;
  readonly forgotten?: boolean;
  /** Process id of the worker. */
  readonly worker: number;
}

/** What the tools of the plugin `keeping` answer, or the structured failure. */
export function answerOf<T = Said>({ result }: JsonRpcResponse): T {
  if (result?.['isError'] === true) {
    const meta = result['_meta'] as Record<string, T>;
    return meta[ERROR_META_KEY] as T;
  }
  const [content] = (result?.['content'] ?? []) as { text: string }[];
  return JSON.parse(content?.text ?? '') as T;
}

/** Calls a tool in revision 2026-07-28; each call may go to another front door. */
export async function callModern<T = Said>(
  url: string,
  name: string,
  args: object = {},
  dress: (request: WireRequest) => WireRequest = (request) => request,
): Promise<T> {
  return answerOf<T>((await send(url, dress(toolCall(name, { ...args })))).message);
}

/** Calls a tool within a session of the 2025 era. */
export async function callInSession<T = Said>(
  session: Session,
  url: string,
  name: string,
  args: object = {},
): Promise<T> {
  return answerOf<T>((await session.request(url, 'tools/call', { name, arguments: args })).message);
}
