import { type ErrorName, MillraceError } from '@millrace/protocol';
import { ClientError } from '../input/client-error.ts';

const KINDS: Readonly<Record<number, ErrorName>> = {
  [-32601]: 'method_not_found',
  [-32602]: 'invalid_params',
  [-32002]: 'resource_not_found',
};

/** A JSON-RPC error of a mounted server; the client gets its code, message and data unchanged. */
export function toMountedError(error: { code: number; message: string; data?: unknown }): MillraceError {
  const { code, message, data } = error;
  return new MillraceError(KINDS[code] ?? 'tool_error', message, {
    code,
    ...(data !== undefined && { wireData: data }),
  });
}

/** What a mounted server is told when the client did not give it what it asked for. */
export function toAnswerError(error: unknown): { code: number; message: string; data?: unknown } {
  if (error instanceof ClientError) {
    const { code, message, data } = error;
    return { code, message, ...(data !== undefined && { data }) };
  }
  if (error instanceof MillraceError) return error.toJsonRpc();
  return { code: -32603, message: error instanceof Error ? error.message : String(error) };
}
