/**
 * Names of everything that Millrace keeps in Redis, below one prefix. What one command or script reads together has the
 * same text in braces, so that a Redis Cluster keeps it in one slot; no pool can have a name with an @.
 */
export class Keys {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** Name of a pool's BullMQ queue; the braces keep all its keys in one slot of a Redis Cluster. */
  queue(pool: string): string {
    return `{${pool}}`;
  }

  /** One of the keys of a pool's queue, by BullMQ's name for it (`wait`, `active`, …); without one, what they begin with. */
  queuePart(pool: string, part: string): string {
    return `${this.prefix}:${this.queue(pool)}:${part}`;
  }

  /** Channel on which one front door receives its frames. */
  replies(frontDoor: string): string {
    return `${this.prefix}:replies:${frontDoor}`;
  }

  /** Channel on which workers hear which front door may have missed answers. */
  get missedReplies(): string {
    return `${this.prefix}:missed-replies`;
  }

  /** Terminal frame of a call whose front door was not listening. Expires. */
  storedReply(call: string): string {
    return `${this.prefix}:reply:${call}`;
  }

  /** Marks that a call which must not run twice was started. Expires. */
  claim(call: string): string {
    return `${this.prefix}:claim:${call}`;
  }

  /**
   * Calls of a batch that were answered while others still ran. Expires. In the slot of the queue, so that one script
   * reads both.
   *
   * @param job name of the pool, a dot, and the id of the job
   */
  finished(job: string): string {
    const [, pool = '', id = job] = /^(.*?)\.(\d+|apart-.*)$/.exec(job) ?? [];
    return this.finishedIn(pool) + id;
  }

  /** What the keys of `finished` begin with for the jobs of one pool; the id of the job follows. */
  finishedIn(pool: string): string {
    return `${this.prefix}:finished:{${pool}}.`;
  }

  /** Channel on which the workers of a pool hear which calls nobody waits for any more. */
  cancellations(pool: string): string {
    return `${this.prefix}:cancellations:${pool}`;
  }

  /** Calls of a pool that were given up (stream). A registry: it does not expire. In the slot of the pool's queue. */
  deadLetters(pool: string): string {
    return `${this.prefix}:{${pool}}:dead`;
  }

  /** Keeps others from replaying a dead letter at the same time. Expires. */
  replay(pool: string, letter: string): string {
    return `${this.prefix}:replay:${pool}:${letter}`;
  }

  /** Says that a front door is alive. Expires. */
  frontDoor(id: string): string {
    return `${this.prefix}:front-door:${id}`;
  }

  /** Sorted set of worker ids by the time they were last seen. A registry: it does not expire. */
  get workers(): string {
    return `${this.prefix}:{@fleet}:workers`;
  }

  /** What one worker is and serves. Expires. */
  worker(id: string): string {
    return `${this.prefix}:{@fleet}:worker:${id}`;
  }

  /** Sorted set of offer hashes by the time they were last served. A registry: it does not expire. */
  get offers(): string {
    return `${this.prefix}:{@fleet}:offers`;
  }

  /** One offer, shared by all workers that serve the same. Expires. */
  offer(hash: string): string {
    return `${this.prefix}:{@fleet}:offer:${hash}`;
  }

  /** What operators want of pools and workers (hash). A registry: it does not expire. */
  get orders(): string {
    return `${this.prefix}:{@fleet}:orders`;
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

  /** Which worker keeps the state of somebody. Expires. */
  affinity(affinity: string, owner: string): string {
    return `${this.prefix}:affinity:${affinity}:${owner}`;
  }

  /** Records of API keys by id, and their version (hash). A registry: it does not expire. */
  get apiKeys(): string {
    return `${this.prefix}:{@api-keys}:records`;
  }

  /** When each API key was used last (hash). A registry: it does not expire. */
  get apiKeyUses(): string {
    return `${this.prefix}:{@api-keys}:used`;
  }

  /** What the workers want of those who call. Expires. */
  get accessNotice(): string {
    return `${this.prefix}:access`;
  }

  /** What is taken of a rate limit. Expires. */
  rateLimit(name: string): string {
    return `${this.prefix}:rate-limit:${name}`;
  }

  /** Calls that wait in the front doors for their turn (hash, by front door). In the slot of the queue. Expires. */
  backlog(pool: string): string {
    return `${this.prefix}:backlog:{${pool}}`;
  }

  /** What front doors told each other of the load of a pool, by slice of time (hash). Expires. */
  poolLoad(pool: string): string {
    return `${this.prefix}:load:${pool}`;
  }

  /** How the breakers stand that are not simply closed (hash). Expires. */
  get breakers(): string {
    return `${this.prefix}:breakers`;
  }

  /** Channel on which the fleet hears how breakers change. */
  get breakerChanges(): string {
    return `${this.prefix}:breaker-changes`;
  }

  /** Leases for runs of one tool in the fleet (sorted set). Expires. */
  leases(tool: string): string {
    return `${this.prefix}:leases:${tool}`;
  }

  /** Channel on which workers hear of which tool a lease was given back. */
  get leasesFreed(): string {
    return `${this.prefix}:leases-freed`;
  }

  /** A cached result. Expires. */
  cached(hash: string): string {
    return `${this.prefix}:{@cache}:${hash}`;
  }

  /** Changes whenever a tag of cached results is invalidated. Expires. */
  cacheTag(hash: string): string {
    return `${this.prefix}:{@cache}:tag:${hash}`;
  }

  /** Who makes a call that others wait for, and who they are. Expires. */
  flight(hash: string): string {
    return `${this.prefix}:{@flights}:${hash}`;
  }

  /** What was done, by whom (stream). A registry: it does not expire. */
  get audit(): string {
    return `${this.prefix}:{@audit}:lines`;
  }

  /** End of each chain of the audit log (hash). A registry: it does not expire. */
  get auditHeads(): string {
    return `${this.prefix}:{@audit}:heads`;
  }

  /** What became of the call with one idempotency key (hash). Expires. */
  idempotency(record: string): string {
    return `${this.prefix}:idempotency:${record}`;
  }

  /** Last good result of a tool for the same arguments. Expires. */
  lastGood(hash: string): string {
    return `${this.prefix}:last-good:${hash}`;
  }

  /** What the names of the entries begin with that tools keep across calls. They expire. */
  get contexts(): string {
    return `${this.prefix}:context:`;
  }

  /** What the names of histories begin with (streams). Registries: they do not expire. */
  get aggregates(): string {
    return `${this.prefix}:aggregate:`;
  }

  /** What the names of their snapshots begin with. Registries: they do not expire. */
  get snapshots(): string {
    return `${this.prefix}:snapshot:`;
  }

  /** Channel on which workers hear which entries of a store changed. */
  get stateChanges(): string {
    return `${this.prefix}:state-changes`;
  }
}
