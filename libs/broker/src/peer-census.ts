import type { Logger, Service } from '@millrace/service';
import type { PeerChannel } from './peer-channel.ts';

/** Between two counts, in milliseconds. */
const COUNT_MS = 1_000;

export interface PeerCensusOptions {
  readonly channel: Pick<PeerChannel, 'tell' | 'count' | 'connection'>;
  /** Id of this front door. */
  readonly frontDoor: string;
  /** Told of each other front door that begins, before it serves anybody. */
  readonly onCompany: () => Promise<void>;
  readonly logger: Logger;
}

/**
 * Whether this is the only front door, so that it need not look out for others. It errs on one side alone: another one
 * tells everybody before it begins, and where something may have been missed there may be others.
 */
export class PeerCensus implements Service {
  readonly #options: PeerCensusOptions;
  /** The connection on which it was found to be alone; undefined when it was not. */
  #aloneOn: number | undefined;
  #joins = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PeerCensusOptions) {
    this.#options = options;
  }

  get alone(): boolean {
    return this.#aloneOn !== undefined && this.#aloneOn === this.#options.channel.connection;
  }

  /** The channel is open by then. */
  async start(): Promise<void> {
    await this.#options.channel.tell({ kind: 'joined', frontDoor: this.#options.frontDoor });
    await this.#count();
    this.#timer = setInterval(() => void this.#count(), COUNT_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Takes in that a front door begins. Resolves when it may. */
  async joined(frontDoor: string): Promise<void> {
    if (frontDoor === this.#options.frontDoor) return;
    this.#joins += 1;
    const wasAlone = this.#aloneOn !== undefined;
    this.#aloneOn = undefined;
    if (wasAlone) await this.#options.onCompany();
  }

  async #count(): Promise<void> {
    const { channel, logger } = this.#options;
    const { connection } = channel;
    const joins = this.#joins;
    try {
      const alone = (await channel.count()) === 1;
      // Who joined after the question is not in the answer.
      this.#aloneOn = alone && joins === this.#joins ? connection : undefined;
    } catch (error) {
      this.#aloneOn = undefined;
      logger.debug({ err: error }, 'the front doors could not be counted');
    }
  }
}
