/** What a client answered instead of a result when it was asked for input. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  /** JSON-RPC code; -1 where a user said no (specification, "Sampling"). */
  readonly code: number;
  readonly data: unknown;

  constructor({ code, message, data }: { code: number; message: string; data?: unknown }) {
    super(message);
    this.code = code;
    this.data = data;
  }
}
