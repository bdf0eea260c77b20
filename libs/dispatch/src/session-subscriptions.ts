import type { PeerChannel, SessionRecord, SessionStore } from '@millrace/broker';

/** Which resources the clients of sessions follow. Kept in Redis, so that any replica can tell them. */
export class SessionSubscriptions {
  readonly #store: SessionStore;
  readonly #tellPeers: PeerChannel['tell'];

  constructor(store: SessionStore, tellPeers: PeerChannel['tell']) {
    this.#store = store;
    this.#tellPeers = tellPeers;
  }

  async add({ id }: SessionRecord, uri: string): Promise<void> {
    await this.#store.subscribe(id, uri);
    await this.#tellPeers({ kind: 'session', session: id });
  }

  async remove({ id }: SessionRecord, uri: string): Promise<void> {
    await this.#store.unsubscribe(id, uri);
    await this.#tellPeers({ kind: 'session', session: id });
  }
}
