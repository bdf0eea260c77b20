import type { Logger } from '@millrace/service';
import { type CacheTags, tagOfResource } from './cache-tags.ts';
import type { EventPublisher } from './events.ts';
import { Tick } from './tick.ts';

/** Tells the cluster which resources have changed, once no cached read of them counts any more. */
export class ResourceChanges {
  readonly #tags: Pick<CacheTags, 'mark'>;
  readonly #events: Pick<EventPublisher, 'publish'>;
  readonly #logger: Logger;
  readonly #tick = new Tick<string>((uris) => void this.#tell([...new Set(uris)]));

  constructor(tags: Pick<CacheTags, 'mark'>, events: Pick<EventPublisher, 'publish'>, logger: Logger) {
    this.#tags = tags;
    this.#events = events;
    this.#logger = logger;
  }

  tell(uri: string): void {
    this.#tick.add(uri);
  }

  async #tell(uris: readonly string[]): Promise<void> {
    try {
      await this.#tags.mark(uris.map(tagOfResource));
    } catch (error) {
      this.#logger.warn({ err: error, uris }, 'cached reads of changed resources were not invalidated');
    }
    for (const uri of uris) this.#events.publish({ kind: 'resource_updated', uri });
  }
}
