import type { ChangeLog } from '@millrace/broker';
import type { Logger } from '@millrace/service';

/** Lists of which clients can follow the changes. */
export type ListName = 'tools' | 'prompts' | 'resources';

/** Something that clients may want to hear of. */
export type Change =
  | { readonly kind: 'list'; readonly list: ListName }
  | { readonly kind: 'resource'; readonly uri: string }
  | { readonly kind: 'task'; readonly task: string };

/** One open stream that hears of changes. It decides itself which of them it passes on. */
export interface Subscriber {
  /** @param at when it happened, milliseconds since the epoch */
  changed(change: Change, at: number): void;
}

/** Where all changes come together and go to every open stream of this front door. */
export class Changes {
  readonly #log: ChangeLog;
  readonly #logger: Logger;
  readonly #subscribers = new Set<Subscriber>();

  constructor(log: ChangeLog, logger: Logger) {
    this.#log = log;
    this.#logger = logger;
  }

  /** Streams that are open. */
  get size(): number {
    return this.#subscribers.size;
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
  }

  remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
  }

  publish(change: Change): void {
    const at = Date.now();
    for (const subscriber of this.#subscribers) subscriber.changed(change, at);
    if (change.kind === 'task') return;
    this.#log.record(nameOf(change), at).catch((error: Error) => {
      this.#logger.warn({ err: error }, 'a change was not kept for those who are away');
    });
  }

  /** @returns what happened since then, for a stream that was away */
  async since(time: number): Promise<Change[]> {
    return (await this.#log.since(time)).map(changeOf);
  }
}

const LIST_PREFIX = 'list:';

function nameOf(change: Exclude<Change, { kind: 'task' }>): string {
  return change.kind === 'list' ? `${LIST_PREFIX}${change.list}` : change.uri;
}

function changeOf(name: string): Change {
  return name.startsWith(LIST_PREFIX)
    ? { kind: 'list', list: name.slice(LIST_PREFIX.length) as ListName }
    : { kind: 'resource', uri: name };
}

/** The notification that tells a client of a change of a list or resource. */
export function notificationOf(change: Exclude<Change, { kind: 'task' }>): {
  method: string;
  params: object;
} {
  return change.kind === 'list'
    ? { method: `notifications/${change.list}/list_changed`, params: {} }
    : { method: 'notifications/resources/updated', params: { uri: change.uri } };
}
