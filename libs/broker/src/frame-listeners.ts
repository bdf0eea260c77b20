import type { Frame } from '@millrace/protocol';
import type { FrameListener } from './dispatch.ts';
import { Places } from './places.ts';

/** Who at this front door hears frames that are not of one of its own calls, by the name that they come under. */
export class FrameListeners {
  readonly #listeners = new Places<FrameListener>();

  names(): Iterable<string> {
    return this.#listeners.keys();
  }

  /** Passes a frame on; one that nobody listens to (any more) is dropped. */
  receive(frame: Frame): void {
    this.#listeners.get(frame.call)?.(frame);
  }

  add(name: string, listener: FrameListener): void {
    this.#listeners.set(name, listener);
  }

  remove(name: string): void {
    this.#listeners.delete(name);
  }
}
