/** Child side of `BenchProcess`: a process of the bench that is told what to do over its IPC channel. */

export interface Reply {
  readonly ready?: unknown;
  readonly answer?: unknown;
  readonly failure?: string;
}

/** What the parent gave this process at its start. */
export function childConfig<Config>(): Config {
  return JSON.parse(process.argv[2] ?? '{}') as Config;
}

/**
 * Tells the parent that this process is ready, answers each of its requests, and ends with it.
 * @param ready what the parent must know before it asks, such as a port
 */
export async function serveParent<Request, Answer>(
  answer: (request: Request) => Promise<Answer>,
  ready: unknown = {},
): Promise<void> {
  process.on('disconnect', () => process.exit(0));
  process.on('message', (request) => {
    answer(request as Request).then(
      (value) => send({ answer: value }),
      (error: unknown) =>
        send({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  send({ ready });
}

function send(reply: Reply): void {
  process.send?.(reply);
}
