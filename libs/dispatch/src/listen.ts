import {
  type JsonObject,
  META,
  MillraceError,
  MODERN_REVISION,
  type ServerInfo,
  stampResult,
} from '@millrace/protocol';
import { z } from 'zod';
import type { Answer } from './answer.ts';
import { type Change, type Changes, notificationOf, type Subscriber } from './changes.ts';
import type { InboundRequest, RequestId } from './inbound.ts';
import type { StreamQuota } from './stream-quota.ts';
import { requireTasks } from './tasks-extension.ts';

/** How soon a client should open a stream anew, elsewhere, when this process ends, in milliseconds. */
const RETRY_MS = 500;

/** URIs and tasks that one stream may follow at most. */
const MAX_FOLLOWED = 10_000;

const filterSchema = z.object({
  toolsListChanged: z.boolean().optional(),
  promptsListChanged: z.boolean().optional(),
  resourcesListChanged: z.boolean().optional(),
  resourceSubscriptions: z.array(z.string()).max(MAX_FOLLOWED).optional(),
  taskIds: z.array(z.string()).max(MAX_FOLLOWED).optional(),
});

type Filter = z.infer<typeof filterSchema>;

/** The notification of a task as its owner may see it; undefined for a task of somebody else, or none. */
export type TaskNotification = (task: string, request: InboundRequest) => Promise<JsonObject | undefined>;

export interface ListenOptions {
  readonly changes: Changes;
  readonly serverInfo: ServerInfo;
  readonly maxStreams: number;
  /** How many of them each principal may have open; any number unless given. */
  readonly quota?: StreamQuota | undefined;
  readonly taskNotification: TaskNotification;
}

/** `subscriptions/listen`: streams on which clients of 2026-07-28 hear of the changes that they asked for. */
export class Listen {
  readonly #options: ListenOptions;
  readonly #streams = new Set<ListenStream>();

  constructor(options: ListenOptions) {
    this.#options = options;
  }

  /** Streams that are open. */
  get size(): number {
    return this.#streams.size;
  }

  /** Throws, or rejects with, a `MillraceError` when the filter is wrong, or too many streams are open. */
  serve(request: InboundRequest, answer: Answer): void | Promise<void> {
    const wish = permitted(parseFilter(request.params['notifications']), request);
    if (!wish.taskIds || wish.taskIds.length === 0) return this.#open(request, answer, honoured(wish));
    requireTasks(request);
    return this.#openWithTasks(request, answer, { ...wish, taskIds: [...new Set(wish.taskIds)] });
  }

  /** Of tasks that are somebody else's, or gone, nothing is said: not even that they are followed. */
  async #openWithTasks(request: InboundRequest, answer: Answer, wish: Filter): Promise<void> {
    let gone = false;
    answer.onGone(() => {
      gone = true;
    });
    const tasks = wish.taskIds ?? [];
    const found = await Promise.all(tasks.map((task) => this.#options.taskNotification(task, request)));
    const taskIds = tasks.filter((_, at) => found[at] !== undefined);
    if (!gone) this.#open(request, answer, honoured({ ...wish, taskIds }));
  }

  #open(request: InboundRequest, answer: Answer, filter: Filter): void {
    if (this.#streams.size >= this.#options.maxStreams) {
      throw new MillraceError(
        'too_many_streams',
        'Too many streams are open here: try another replica or later',
      );
    }
    const release = this.#options.quota?.open(request.caller);
    const stream = new ListenStream(request, answer, filter, this.#options);
    stream.acknowledge();
    if (Object.keys(filter).length === 0) {
      stream.end();
      release?.();
      return;
    }
    this.#streams.add(stream);
    this.#options.changes.add(stream);
    answer.onGone(() => {
      this.#remove(stream);
      release?.();
    });
  }

  /** Ends all streams, telling their clients that it was on purpose. */
  closeAll(): void {
    for (const stream of [...this.#streams]) {
      this.#remove(stream);
      stream.end(RETRY_MS);
    }
  }

  #remove(stream: ListenStream): void {
    this.#streams.delete(stream);
    this.#options.changes.remove(stream);
  }
}

class ListenStream implements Subscriber {
  readonly #request: InboundRequest;
  readonly #answer: Answer;
  readonly #filter: Filter;
  readonly #options: ListenOptions;
  readonly #uris: ReadonlySet<string>;
  readonly #tasks: ReadonlySet<string>;

  constructor(request: InboundRequest, answer: Answer, filter: Filter, options: ListenOptions) {
    this.#request = request;
    this.#answer = answer;
    this.#filter = filter;
    this.#options = options;
    this.#uris = new Set(filter.resourceSubscriptions);
    this.#tasks = new Set(filter.taskIds);
  }

  /** The first message: what of the wish is granted. */
  acknowledge(): void {
    this.#notify('notifications/subscriptions/acknowledged', { notifications: this.#filter });
  }

  changed(change: Change): void {
    if (change.kind === 'task') {
      if (this.#tasks.has(change.task)) void this.#tellTask(change.task);
    } else if (this.#wants(change)) {
      const { method, params } = notificationOf(change);
      this.#notify(method, params);
    }
  }

  /** @param retryMs how soon the client should open another one elsewhere, in milliseconds */
  end(retryMs?: number): void {
    if (retryMs !== undefined) this.#answer.comeBack?.(retryMs);
    const result = { _meta: subscription(this.#request.id) };
    const { serverInfo } = this.#options;
    this.#answer.result(
      JSON.stringify(stampResult(result, 'subscriptions/listen', MODERN_REVISION, serverInfo)),
    );
  }

  #wants(change: Exclude<Change, { kind: 'task' }>): boolean {
    if (change.kind === 'resource') return this.#uris.has(change.uri);
    return this.#filter[`${change.list}ListChanged`] === true;
  }

  async #tellTask(task: string): Promise<void> {
    const params = await this.#options.taskNotification(task, this.#request);
    if (params) this.#notify('notifications/tasks', params);
  }

  #notify(method: string, params: object): void {
    const stamped = { ...params, _meta: subscription(this.#request.id) };
    this.#answer.notification(JSON.stringify({ jsonrpc: '2.0', method, params: stamped }));
  }
}

function subscription(id: RequestId): JsonObject {
  return { [META.subscriptionId]: id };
}

function parseFilter(notifications: unknown): Filter {
  const parsed = filterSchema.safeParse(notifications);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = ['notifications', ...(issue?.path ?? [])].join('.');
  throw new MillraceError('invalid_params', `${field}: ${issue?.message ?? 'invalid'}`, {
    details: { field },
  });
}

/** What of the wish the one who makes it may see. */
function permitted(filter: Filter, { caller }: InboundRequest): Filter {
  if (!caller || !filter.resourceSubscriptions) return filter;
  const uris = filter.resourceSubscriptions.filter((uri) => caller.access.allows('resource', uri));
  return { ...filter, resourceSubscriptions: uris };
}

/** What is asked for without being empty; there is nothing that we could not deliver. */
function honoured(filter: Filter): Filter {
  const entries = Object.entries(filter).filter(([, wish]) =>
    Array.isArray(wish) ? wish.length > 0 : wish === true,
  );
  return Object.fromEntries(entries);
}
