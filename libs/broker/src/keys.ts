/** Names of everything that Millrace keeps in Redis, below one prefix. */
export class Keys {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** Name of a pool's BullMQ queue; the braces keep all its keys in one slot of a Redis Cluster. */
  queue(pool: string): string {
    return `{${pool}}`;
  }

  /** Channel on which one front door receives its frames. */
  replies(frontDoor: string): string {
    return `${this.prefix}:replies:${frontDoor}`;
  }

  /** Terminal frame of a call whose front door was not listening. Expires. */
  storedReply(call: string): string {
    return `${this.prefix}:reply:${call}`;
  }

  /** Marks that a call which must not run twice was started. Expires. */
  claim(call: string): string {
    return `${this.prefix}:claim:${call}`;
  }

  /** Calls of a batch that were answered while others still ran. Expires. */
  finished(job: string): string {
    return `${this.prefix}:finished:${job}`;
  }

  /** Channel on which the workers of a pool hear which calls nobody waits for any more. */
  cancellations(pool: string): string {
    return `${this.prefix}:cancellations:${pool}`;
  }

  /** Sorted set of worker ids by the time they were last seen. A registry: it does not expire. */
  get workers(): string {
    return `${this.prefix}:workers`;
  }

  /** What one worker is and serves. Expires. */
  worker(id: string): string {
    return `${this.prefix}:worker:${id}`;
  }

  /** Sorted set of offer hashes by the time they were last served. A registry: it does not expire. */
  get offers(): string {
    return `${this.prefix}:offers`;
  }

  /** One offer, shared by all workers that serve the same. Expires. */
  offer(hash: string): string {
    return `${this.prefix}:offer:${hash}`;
  }

  /** Channel that tells front doors to read the catalogue again. */
  get catalogueChanges(): string {
    return `${this.prefix}:catalogue`;
  }

  /** One session of the 2025 era (hash). Expires. */
  session(id: string): string {
    return `${this.prefix}:session:${id}`;
  }

  /** URIs of the resources that a session subscribed to (set). Expires. */
  subscriptions(session: string): string {
    return `${this.prefix}:session:${session}:subscriptions`;
  }

  /** Events of one resumable stream of a session (stream). Expires. */
  stream(session: string, stream: string): string {
    return `${this.prefix}:session:${session}:stream:${stream}`;
  }

  /** Session that was asked this request. Expires. */
  asked(request: string): string {
    return `${this.prefix}:asked:${request}`;
  }

  /** What changed when (sorted set). Expires. */
  get changes(): string {
    return `${this.prefix}:changes`;
  }

  /** Channel between all front doors. */
  get peers(): string {
    return `${this.prefix}:peers`;
  }

  /** Channel on which one worker hears what clients answered to its requests. */
  workerChannel(id: string): string {
    return `${this.prefix}:worker:${id}`;
  }

  /** One task (hash). Expires. */
  task(id: string): string {
    return `${this.prefix}:task:${id}`;
  }

  /** Channel on which the cluster hears of what has changed: resources and tasks. */
  get events(): string {
    return `${this.prefix}:events`;
  }

  /** Secret that all workers share to sign request states. Expires. */
  get stateKey(): string {
    return `${this.prefix}:state-key`;
  }
}
