import {
  DEFAULT_PRIORITY,
  isJsonObject,
  isPriority,
  lowerPriority,
  MillraceError,
  PRIORITIES,
  PRIORITY_META_KEY,
  type Priority,
} from '@millrace/protocol';
import type { InboundRequest } from './inbound.ts';
import type { Route } from './router.ts';

/**
 * The priority of a call: that of its tool, or a lower one that the request asks for. More than its tool has, nobody
 * gets by asking.
 *
 * @throws MillraceError `invalid_params` for a priority that there is not
 */
export function priorityOf({ params }: Pick<InboundRequest, 'params'>, { policies }: Route): Priority {
  const highest = policies?.priority ?? DEFAULT_PRIORITY;
  const meta = params['_meta'];
  const wish = isJsonObject(meta) ? meta[PRIORITY_META_KEY] : undefined;
  if (wish === undefined) return highest;
  if (isPriority(wish)) return lowerPriority(wish, highest);
  const field = `_meta["${PRIORITY_META_KEY}"]`;
  throw new MillraceError('invalid_params', `${field}: expected one of ${PRIORITIES.join(', ')}`, {
    details: { field },
  });
}
