/** One request that is sent, and what may come of it. */
export interface Shot {
  /** What it tries, for the report. */
  readonly name: string;
  readonly transport: 'http' | 'ws';
  /** Over HTTP only. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** Whether a result in the answer would be wrong. */
  readonly mustFail: boolean;
}

/** What came back. */
export interface Reply {
  /** 0 over WebSocket, and where the connection ended without an answer. */
  readonly status: number;
  readonly text: string;
}
