import { type Call, type JsonObject, MillraceError } from '@millrace/protocol';
import { createLogger } from '@millrace/service';
import { type CallContext, createCallContext, type Middleware, type Target } from '@millrace/toolkit';
import { expect, test } from 'vitest';
import { CallRunner } from './call-runner.ts';
import type { RunningCall } from './running-call.ts';
import { aRunningCall, endOf } from './testing/running.ts';

type Run = (call: Call, context: CallContext) => Promise<JsonObject>;

interface Setting {
  /** Done as soon as the target runs. */
  readonly meanwhile?: (running: RunningCall) => void;
  readonly middleware?: readonly Middleware[];
  readonly timeoutMs?: number;
  readonly idempotent?: boolean;
  readonly call?: Partial<Call>;
}

/** Runs one call on a target that does this. */
async function runCall(run: Run, setting: Setting = {}) {
  const { meanwhile, middleware = [], timeoutMs, idempotent = true, call = {} } = setting;
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const runner = new CallRunner({
    serverInfo: { name: 'millrace', version: '0.1.0' },
    createContext: (call, sink) => createCallContext(call, sink),
    middleware: () => middleware,
    logger: createLogger({ name: 'test', level: 'error', destination }),
  });
  const { running, frames } = aRunningCall(call);
  const target: Target = {
    pool: 'default',
    idempotent,
    run,
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
  const done = runner.run(running, target);
  meanwhile?.(running);
  await done;
  return { running, frames, end: endOf(frames.at(-1)), log: lines.join('') };
}

/** Work that ends only when its signal does, as `fetch` and the timers of the runtime do. */
const untilAborted: Run = (_, { signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
  });

test('a result is stamped for its revision and sent with its run time', async () => {
  const { frames } = await runCall(async () => ({ content: [] }));
  expect(JSON.parse(frames[0]?.payload ?? '')).toMatchObject({ content: [], resultType: 'complete' });
  expect(frames).toMatchObject([{ call: 'c-1', kind: 'result', runMs: expect.any(Number) }]);
});

test('an error of ours reaches the client as it is', async () => {
  const { end, log } = await runCall(async () => {
    throw new MillraceError('invalid_params', 'a: expected a number');
  });
  expect([end, log]).toEqual(['invalid_params', '']);
});

test('any other error is logged, and the client learns nothing of it', async () => {
  const { end, frames, log } = await runCall(() => {
    throw new Error('password is hunter2');
  });
  expect(end).toBe('internal_error');
  expect(frames[0]?.payload).not.toContain('hunter2');
  expect(log).toContain('hunter2');
});

test('a result that is no JSON is an error, not a silence', async () => {
  const circular: JsonObject = {};
  circular['self'] = circular;
  expect((await runCall(async () => circular)).end).toBe('internal_error');
});

test.each([true, false])(
  'after its deadline a call may be made again if the tool is idempotent: %s',
  async (idempotent) => {
    const { frames } = await runCall(untilAborted, { timeoutMs: 20, idempotent });
    expect(JSON.parse(frames[0]?.payload ?? '').data).toMatchObject({
      name: 'deadline_exceeded',
      retryable: idempotent,
    });
  },
);

test('at the deadline of the call its signal is aborted and the client is told', async () => {
  const { running, end } = await runCall(untilAborted, { call: { deadline: Date.now() + 20 } });
  expect(end).toBe('deadline_exceeded');
  expect(running.signal.aborted).toBe(true);
});

test('the time-out of the target counts when it is sooner', async () => {
  expect((await runCall(untilAborted, { timeoutMs: 20 })).end).toBe('deadline_exceeded');
});

test('a tool that ignores its signal is not waited for', async () => {
  const { end, frames } = await runCall(() => new Promise(() => undefined), { timeoutMs: 20 });
  expect([end, frames.length]).toEqual(['deadline_exceeded', 1]);
});

test('what a cancelled tool throws is no failure of its own', async () => {
  const cancelled = new MillraceError('cancelled', 'The call was cancelled');
  const { end, log } = await runCall(untilAborted, { meanwhile: (running) => running.abort(cancelled) });
  expect([end, log]).toEqual(['cancelled', '']);
});

test('middleware stands around the target, the first outermost', async () => {
  const order: string[] = [];
  const layer =
    (name: string): Middleware =>
    async (_call, _context, next) => {
      order.push(`${name} before`);
      const result = await next();
      order.push(`${name} after`);
      return result;
    };
  const run: Run = async () => {
    order.push('target');
    return {};
  };
  await runCall(run, { middleware: [layer('outer'), layer('inner')] });
  expect(order).toEqual(['outer before', 'inner before', 'target', 'inner after', 'outer after']);
});

test('middleware may answer by itself, and may refuse', async () => {
  const run: Run = async () => {
    throw new Error('must not run');
  };
  const answers: Middleware = async () => ({ content: [] });
  const refuses: Middleware = () => {
    throw new MillraceError('invalid_params', 'refused');
  };
  expect((await runCall(run, { middleware: [answers] })).end).toBe('result');
  expect((await runCall(run, { middleware: [refuses] })).end).toBe('invalid_params');
});

test('a client that never answers: the tool gets the error, the client the deadline', async () => {
  const seen = Promise.withResolvers<unknown>();
  const asks: Run = async (_, { elicit }) => {
    await elicit({ message: 'Who?', requestedSchema: { type: 'object', properties: {} } }).catch((error) => {
      seen.resolve(error);
      throw error;
    });
    return {};
  };
  const call = { revision: '2025-11-25', session: 's', capabilities: { elicitation: {} } };
  const { end, frames } = await runCall(asks, { call, timeoutMs: 5 });
  expect(frames.map(({ kind }) => kind)).toEqual(['request', 'error']);
  expect(end).toBe('deadline_exceeded');
  expect(await seen.promise).toMatchObject({ kind: 'deadline_exceeded' });
});
