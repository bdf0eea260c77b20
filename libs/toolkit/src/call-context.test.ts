import { ANONYMOUS, type LogLevel } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { createCallContext } from './call-context.ts';
import { aCall, RecordingSink } from './testing/calls.ts';

describe('the context of a call', () => {
  it('tells who calls, which call it is and how long it may run', () => {
    const principal = { id: 'ada', tenant: 'analytical' };
    const context = createCallContext(aCall({ id: 'c7', deadline: 42, principal }), new RecordingSink());
    expect(context).toMatchObject({ requestId: 'c7', deadline: 42, principal });
    expect(createCallContext(aCall(), new RecordingSink()).principal).toBe(ANONYMOUS);
  });

  it('makes no signal until a handler asks for it', () => {
    const sink = new RecordingSink();
    const context = createCallContext(aCall(), sink);
    context.log.info('hello');
    context.progress(1);
    expect(sink.signalsGiven).toBe(0);
    expect(context.signal.aborted).toBe(false);
  });

  it('sends progress under the client’s own token, also when taken apart', () => {
    const sink = new RecordingSink();
    const { progress } = createCallContext(aCall({ params: { _meta: { progressToken: 7 } } }), sink);
    progress(1);
    progress(2, 4, 'half way');
    expect(sink.sent).toEqual([
      { method: 'notifications/progress', params: { progressToken: 7, progress: 1 } },
      {
        method: 'notifications/progress',
        params: { progressToken: 7, progress: 2, total: 4, message: 'half way' },
      },
    ]);
  });

  it('sends no progress to a client that gave no token', () => {
    const sink = new RecordingSink();
    createCallContext(aCall(), sink).progress(1);
    expect(sink.sent).toEqual([]);
  });

  it.each<[LogLevel | undefined, string[]]>([
    [undefined, []],
    ['warning', ['warning', 'error']],
    ['debug', ['debug', 'info', 'notice', 'warning', 'error']],
  ])('sends what a client that asked for %s wants', (logLevel, wanted) => {
    const sink = new RecordingSink();
    const { log } = createCallContext(aCall(logLevel && { logLevel }), sink);
    for (const level of ['debug', 'info', 'notice', 'warning', 'error'] as const)
      log[level]({ at: level }, 'db');
    expect(sink.sent).toEqual(
      wanted.map((level) => ({
        method: 'notifications/message',
        params: { level, logger: 'db', data: { at: level } },
      })),
    );
  });
});
