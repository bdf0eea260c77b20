import type { Call, JsonObject } from '@millrace/protocol';
import type { CallContext } from './call-context.ts';

/**
 * One layer around every call: what stands before `next()` is a pre hook, what stands after it a post hook. It may
 * change the result, answer without `next()`, or throw a `MillraceError`.
 */
export type Middleware = (
  call: Call,
  context: CallContext,
  next: () => Promise<JsonObject>,
) => Promise<JsonObject>;

/** Middleware with a place in the order of all plugins: lower numbers are further out, those without one have 0. */
export interface OrderedMiddleware {
  readonly order?: number;
  readonly handle: Middleware;
}

/** Runs `last` inside the layers, the first of them outermost. */
export function applyMiddleware(
  layers: readonly Middleware[],
  call: Call,
  context: CallContext,
  last: () => Promise<JsonObject>,
): Promise<JsonObject> {
  const from = (at: number): Promise<JsonObject> => {
    const layer = layers[at];
    return layer === undefined ? last() : layer(call, context, () => from(at + 1));
  };
  return from(0);
}

/** The layers of all plugins in their order; `sort` is stable, so equal numbers keep the order of registration. */
export function sortMiddleware(layers: readonly (Middleware | OrderedMiddleware)[]): Middleware[] {
  return layers
    .map((layer) => (typeof layer === 'function' ? { handle: layer } : layer))
    .sort((a: OrderedMiddleware, b: OrderedMiddleware) => (a.order ?? 0) - (b.order ?? 0))
    .map((layer) => layer.handle);
}
