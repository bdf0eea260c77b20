import { send, type WireAnswer, type WireRequest } from './wire.ts';

/** Many calls at once, and what has become of them so far. */
export class Load {
  readonly answers: WireAnswer[] = [];
  /** Resolves when all are answered. */
  readonly done: Promise<readonly WireAnswer[]>;

  constructor(url: string, request: WireRequest, count: number) {
    const calls = Array.from({ length: count }, async () => {
      const answer = await send(url, request);
      this.answers.push(answer);
      return answer;
    });
    this.done = Promise.all(calls);
  }

  /** Calls that have had their turn so far. */
  get results(): number {
    return this.answers.filter(({ message }) => message.result).length;
  }
}

/** How many answers had which error; `result` counts those that had none. */
export function outcomes(answers: readonly WireAnswer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { message } of answers) {
    const name = String(message.result ? 'result' : message.error?.data?.['name']);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** The value of a figure that a process exposes; 0 when it was never counted. */
export async function figure(adminUrl: string, name: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length) ?? 0);
}
