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
import { requireTasks } from './tasks-extension.ts';

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
  readonly taskNotification: TaskNotification;
}

/** `subscriptions/listen`: streams on which clients of 2026-07-28 hear of the changes that they asked for. */
export class Listen {
  readonly #options: ListenOptions;
  readonly #open = new Set<ListenStream>();

  constructor(options: ListenOptions) {
    this.#options = options;
  }

  /** @throws MillraceError when the filter is wrong, or too many streams are open */
  serve(request: InboundRequest, answer: Answer): void {
    const filter = honoured(parseFilter(request.params['notifications']));
    if (filter.taskIds) requireTasks(request);
    if (this.#open.size >= this.#options.maxStreams) {
      throw new MillraceError(
        'too_many_streams',
        'Too many streams are open here: try another replica or later',
      );
    }
    const stream = new ListenStream(request, answer, filter, this.#options);
    stream.acknowledge();
    if (Object.keys(filter).length === 0) {
      stream.end();
      return;
    }
    this.#open.add(stream);
    this.#options.changes.add(stream);
    answer.onGone(() => this.#remove(stream));
  }

  /** Ends all streams, telling their clients that it was on purpose. */
  closeAll(): void {
    for (const stream of [...this.#open]) {
      this.#remove(stream);
      stream.end();
    }
  }

  #remove(stream: ListenStream): void {
    this.#open.delete(stream);
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

  end(): void {
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

/** What is asked for without being empty; there is nothing that we could not deliver. */
function honoured(filter: Filter): Filter {
  const entries = Object.entries(filter).filter(([, wish]) =>
    Array.isArray(wish) ? wish.length > 0 : wish === true,
  );
  return Object.fromEntries(entries);
}
