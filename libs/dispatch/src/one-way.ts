import type { PeerChannel, SessionRecord } from '@millrace/broker';
import type { ClientAnswers } from './client-answers.ts';
import type { Inbound } from './inbound.ts';

/** Takes the messages of a session that get no answer. */
export class OneWay {
  readonly #answers: ClientAnswers;
  readonly #tellPeers: PeerChannel['send'];

  constructor(answers: ClientAnswers, tellPeers: PeerChannel['send']) {
    this.#answers = answers;
    this.#tellPeers = tellPeers;
  }

  async receive(inbound: Inbound, session: SessionRecord): Promise<void> {
    if (inbound.kind === 'response') await this.#answers.receive(inbound.message, session);
    if (inbound.kind !== 'notification' || inbound.method !== 'notifications/cancelled') return;
    const request = inbound.params['requestId'];
    // The request may run on any replica: all of them are told, and the one that has it stops it.
    if (typeof request === 'string' || typeof request === 'number') {
      this.#tellPeers({ kind: 'cancel', session: session.id, request });
    }
  }
}
