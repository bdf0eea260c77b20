import type { LoggedEvent } from './event-log.ts';
import { StateError } from './state-error.ts';

/** Something that happened: a name for it, and JSON data. */
export interface NewEvent {
  readonly type: string;
  readonly data: unknown;
}

const MOST_EVENTS = 1_000;
const MOST_BYTES = 65_536;

/** One to 200 characters, none of which is a control character. */
const NAME = /^[^\p{Cc}]{1,200}$/u;

/** @throws StateError `invalid` */
export function checkAggregate(name: string): string {
  if (NAME.test(name)) return name;
  throw new StateError(
    'invalid',
    'The name of an aggregate has 1 to 200 characters and no control characters',
  );
}

/** Events as they are written. @throws StateError `invalid`, `too_large` */
export function toLogged(events: readonly NewEvent[]): LoggedEvent[] {
  if (events.length < 1 || events.length > MOST_EVENTS) {
    throw new StateError(
      'invalid',
      `1 to ${MOST_EVENTS} events can be appended at once, not ${events.length}`,
    );
  }
  return events.map(toText);
}

function toText({ type, data }: NewEvent): LoggedEvent {
  if (!NAME.test(type)) {
    throw new StateError('invalid', 'The type of an event has 1 to 200 characters and no control characters');
  }
  const text = JSON.stringify(data ?? null);
  const bytes = Buffer.byteLength(text);
  if (bytes <= MOST_BYTES) return { type, data: text };
  const details = { type, bytes, maxBytes: MOST_BYTES };
  throw new StateError('too_large', `The data of "${type}" has ${bytes} bytes; ${MOST_BYTES} are allowed`, {
    details,
  });
}
