import type { Reply, Shot } from './shot.ts';

interface Message {
  readonly result?: { readonly isError?: boolean };
  readonly error?: { readonly code?: number; readonly data?: { readonly name?: string } };
}

/** How many of the same kind are told in the report. */
const TOLD = 5;

/** Counts what should not have come back, and keeps examples of it. */
export class Judge {
  requests = 0;
  serverErrors = 0;
  wronglyAccepted = 0;
  unanswered = 0;
  readonly #examples = new Map<string, string[]>();

  /** Examples of everything that was wrong, one in each line. */
  get findings(): readonly string[] {
    return [...this.#examples.values()].flat();
  }

  /** @param reply undefined when nothing came back in time */
  judge(shot: Pick<Shot, 'name' | 'body' | 'mustFail'>, reply: Reply | undefined): void {
    this.requests += 1;
    if (!reply) {
      this.unanswered += 1;
      this.#tell('unanswered', shot, '');
      return;
    }
    const messages = messagesOf(reply.text);
    if ((reply.status >= 500 && reply.status !== 503) || messages.some(isInternal)) {
      this.serverErrors += 1;
      this.#tell('server error', shot, reply.text);
    }
    if (shot.mustFail && messages.some(({ result }) => result !== undefined && result.isError !== true)) {
      this.wronglyAccepted += 1;
      this.#tell('wrongly accepted', shot, reply.text);
    }
  }

  /** For what is no request, or goes another way than one. */
  expect(name: string, isRight: boolean, seen: string): void {
    this.requests += 1;
    if (isRight) return;
    this.wronglyAccepted += 1;
    this.#tell('wrongly accepted', { name, body: '' }, seen);
  }

  #tell(kind: string, { name, body }: Pick<Shot, 'name' | 'body'>, seen: string): void {
    const told = this.#examples.get(`${kind} ${name}`) ?? [];
    this.#examples.set(`${kind} ${name}`, told);
    if (told.length < TOLD) told.push(`${kind}: ${name}: ${excerpt(body)} → ${excerpt(seen)}`);
  }
}

/** The messages of a JSON body or of an event stream; none in what is neither. */
function messagesOf(text: string): Message[] {
  const parts = text.includes('\ndata: ')
    ? [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => data)
    : [text];
  return parts.flatMap((part) => {
    try {
      const parsed = JSON.parse(part ?? '') as Message | Message[] | null;
      return Array.isArray(parsed) ? parsed : [parsed ?? {}];
    } catch {
      // Not every answer is JSON: that of a 404 is a sentence.
      return [];
    }
  });
}

function isInternal({ error }: Message): boolean {
  return error?.data?.name === 'internal_error' || error?.code === -32603;
}

function excerpt(body: string | Uint8Array): string {
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('latin1');
  return text.length > 600 ? `${text.slice(0, 600)}… (${text.length})` : text;
}
