import type { Client, McpSubscription } from '@modelcontextprotocol/client';

export interface SubscriptionsOptions {
  readonly client: Client;
  /** How long one request may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Told when the server does not let us follow: it still serves the resource. */
  readonly onRefused: (error: unknown) => void;
}

/** The resources of which one process has been asked to tell changes, in whichever era it speaks. */
export class ResourceSubscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #asked = new Set<string>();
  #wanted: ReadonlySet<string> = this.#asked;
  #listening: McpSubscription | undefined;
  #asking = false;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  follow(uris: ReadonlySet<string>): void {
    this.#wanted = uris;
    if (!this.#asking && this.#options.client.getServerCapabilities()?.resources?.subscribe) void this.#ask();
  }

  /** One request after the other, so that the calls of agents get through between them. */
  async #ask(): Promise<void> {
    const { client, onRefused } = this.#options;
    this.#asking = true;
    for (let missing = this.#missing; missing.length > 0; missing = this.#missing) {
      for (const uri of missing) this.#asked.add(uri);
      const asking = client.getProtocolEra() === 'modern' ? this.#listen() : this.#subscribe(missing);
      await asking.catch(onRefused);
    }
    this.#asking = false;
  }

  get #missing(): readonly string[] {
    return [...this.#wanted].filter((uri) => !this.#asked.has(uri));
  }

  async #subscribe(uris: readonly string[]): Promise<void> {
    const { client, timeoutMs, onRefused } = this.#options;
    for (const uri of uris) await client.subscribeResource({ uri }, { timeout: timeoutMs }).catch(onRefused);
  }

  /** A filter cannot be changed: a wider one takes its place, and until then the old one stays. */
  async #listen(): Promise<void> {
    const { client, timeoutMs } = this.#options;
    const old = this.#listening;
    this.#listening = await client.listen(
      { resourceSubscriptions: [...this.#asked] },
      { timeout: timeoutMs },
    );
    await old?.close();
  }
}
