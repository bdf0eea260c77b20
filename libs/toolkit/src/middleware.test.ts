import { describe, expect, it } from 'vitest';
import { applyMiddleware, type Middleware, sortMiddleware } from './middleware.ts';
import { aCall, aContext } from './testing/calls.ts';

function layer(name: string, seen: string[]): Middleware {
  return async (_call, _context, next) => {
    seen.push(`before ${name}`);
    const result = await next();
    seen.push(`after ${name}`);
    return { ...result, [name]: true };
  };
}

describe('middleware', () => {
  it('wraps the call like the layers of an onion', async () => {
    const seen: string[] = [];
    const call = aCall();
    const result = await applyMiddleware(
      [layer('a', seen), layer('b', seen)],
      call,
      aContext(call),
      async () => {
        seen.push('tool');
        return { done: true };
      },
    );
    expect(seen).toEqual(['before a', 'before b', 'tool', 'after b', 'after a']);
    expect(result).toEqual({ done: true, a: true, b: true });
  });

  it('may answer without the tool', async () => {
    const call = aCall();
    const result = await applyMiddleware([async () => ({ cached: true })], call, aContext(call), async () => {
      throw new Error('the tool must not run');
    });
    expect(result).toEqual({ cached: true });
  });

  it('runs the tool alone where there is none', async () => {
    const call = aCall();
    expect(await applyMiddleware([], call, aContext(call), async () => ({ done: true }))).toEqual({
      done: true,
    });
  });

  it('is ordered by its numbers first, by registration second', () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => layer(name, [])) as [
      Middleware,
      Middleware,
      Middleware,
      Middleware,
    ];
    const sorted = sortMiddleware([a, { order: 5, handle: b }, { order: -1, handle: c }, d]);
    expect(sorted).toEqual([c, a, d, b]);
  });
});
