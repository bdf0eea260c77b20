import { ApiKeyTable, connectFailFast, disconnect, Keys, redisSourceOf, whenReady } from '@millrace/broker';
import { type ApiKeyRecord, ClusterKeys, createApiKey, endApiKey, readRecord } from '@millrace/security';
import { type Clock, type Logger, OperatorError, type Service } from '@millrace/service';
import type { KeysConfig } from './config.ts';
import type { KeysCommand } from './keys-command.ts';

export interface ApiKeysOptions {
  readonly command: KeysCommand;
  readonly config: KeysConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly print: (text: string) => void;
}

/** How long to wait for Redis, in milliseconds. */
const REDIS_TIMEOUT_MS = 5_000;

/** Makes, lists, revokes and rotates API keys. It is done when it has started. */
export class ApiKeys implements Service {
  readonly #options: ApiKeysOptions;
  readonly #redis: ReturnType<typeof connectFailFast>;
  readonly #table: ApiKeyTable;
  readonly #clusterKeys: ClusterKeys;
  readonly #done = Promise.withResolvers<void>();

  constructor(options: ApiKeysOptions) {
    const { prefix, envelopeKey, previousEnvelopeKey } = options.config;
    this.#options = options;
    this.#redis = connectFailFast(redisSourceOf(options.config, options.logger), 'keys');
    this.#table = new ApiKeyTable(this.#redis, new Keys(prefix));
    this.#clusterKeys = new ClusterKeys(envelopeKey, previousEnvelopeKey);
  }

  /** Resolves when the command is done. */
  get ended(): Promise<void> {
    return this.#done.promise;
  }

  /** @throws OperatorError that says what is wrong */
  async start(): Promise<void> {
    await this.#connect();
    await this.#run(this.#options.command);
    this.#done.resolve();
  }

  async stop(): Promise<void> {
    disconnect(this.#redis);
  }

  async #connect(): Promise<void> {
    const late = Promise.withResolvers<never>();
    const error = new OperatorError(`Redis could not be reached within ${REDIS_TIMEOUT_MS / 1000} s`);
    const timer = setTimeout(() => late.reject(error), REDIS_TIMEOUT_MS);
    try {
      await Promise.race([whenReady(this.#redis), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #run(command: KeysCommand): Promise<void> {
    switch (command.action) {
      case 'create':
        return this.#create(command);
      case 'list':
        return this.#list(command.json);
      case 'revoke':
        return this.#revoke(command.id);
      case 'rotate':
        return this.#rotate(command.id, command.graceMs);
    }
  }

  async #create({ name, tenant, roles, lifetimeMs }: KeysCommand & { action: 'create' }): Promise<void> {
    const now = this.#options.clock.now();
    const end = lifetimeMs === undefined ? undefined : { expiresAt: now + lifetimeMs };
    await this.#hand(createApiKey({ name, tenant, roles, ...end }, this.#clusterKeys, now));
  }

  /** Only the new key is printed, so that it can be piped into a secret store; all else goes to nobody. */
  async #hand({ key, record }: { key: string; record: ApiKeyRecord }): Promise<void> {
    await this.#table.put(record.id, JSON.stringify(record));
    this.#options.print(key);
  }

  async #list(json: boolean): Promise<void> {
    const [texts, uses] = await Promise.all([this.#table.all(), this.#table.uses()]);
    const now = this.#options.clock.now();
    const rows = texts
      .map((text) => this.#row(text, uses, now))
      .sort((a, b) => (a.created < b.created ? -1 : 1));
    this.#options.print(json ? JSON.stringify(rows, null, 2) : table(rows));
  }

  #row(text: string, uses: ReadonlyMap<string, number>, now: number): Row {
    const unchecked = readRecord(text, undefined);
    const { id = '?', name = '?', tenant = '?', roles = [], createdAt = 0, expiresAt } = unchecked ?? {};
    const used = uses.get(id);
    return {
      id,
      name,
      tenant,
      roles: roles.join(' '),
      created: timeOf(createdAt),
      expires: expiresAt === undefined ? 'never' : timeOf(expiresAt),
      lastUse: used === undefined ? 'never' : timeOf(used),
      state: this.#stateOf(text, now),
    };
  }

  #stateOf(text: string, now: number): string {
    const record = readRecord(text, this.#clusterKeys);
    if (!record) return 'not signed with this envelope key';
    return record.expiresAt !== undefined && record.expiresAt <= now ? 'expired' : 'active';
  }

  async #revoke(id: string): Promise<void> {
    await this.#find(id);
    await this.#table.remove(id);
    this.#options.print(`revoked ${id}`);
  }

  /** Sessions and tasks stay with whoever bears the new key. */
  async #rotate(id: string, graceMs: number): Promise<void> {
    const now = this.#options.clock.now();
    const old = readRecord(await this.#find(id), this.#clusterKeys);
    if (!old) throw new OperatorError(`${id}: the record is not signed with this MILLRACE_ENVELOPE_KEY`);
    const { name, tenant, roles, subject, expiresAt } = old;
    const wish = { name, tenant, roles, subject, ...(expiresAt !== undefined && { expiresAt }) };
    await this.#hand(createApiKey(wish, this.#clusterKeys, now));
    const end = Math.min(now + graceMs, expiresAt ?? Number.POSITIVE_INFINITY);
    await this.#table.put(id, JSON.stringify(endApiKey(old, end, this.#clusterKeys)));
  }

  /** @returns the text of its record */
  async #find(id: string): Promise<string> {
    const [text] = await this.#table.find([id]);
    if (text === undefined) throw new OperatorError(`there is no API key ${id}: see millrace keys list`);
    return text;
  }
}

interface Row {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly roles: string;
  readonly created: string;
  readonly expires: string;
  readonly lastUse: string;
  readonly state: string;
}

const HEADINGS: Row = {
  id: 'ID',
  name: 'NAME',
  tenant: 'TENANT',
  roles: 'ROLES',
  created: 'CREATED',
  expires: 'EXPIRES',
  lastUse: 'LAST USE',
  state: 'STATE',
};

function table(rows: readonly Row[]): string {
  const columns = Object.keys(HEADINGS) as (keyof Row)[];
  const all = [HEADINGS, ...rows];
  const widths = columns.map((column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row: Row) =>
    columns
      .map((column, at) => row[column].padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}

/** To the second: nobody needs more of a key. */
function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
