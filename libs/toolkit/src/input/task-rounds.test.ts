import { describe, expect, it } from 'vitest';
import { accept, modern, question, run } from '../testing/asking.ts';
import { aContext, RecordingSink } from '../testing/calls.ts';
import { defineTool } from '../tool.ts';

/** What a worker gives for a call that becomes a task when it takes long: whether it is one has to be found out. */
class PromotableSink extends RecordingSink {
  readonly told: string[] = [];

  constructor(isTask: boolean) {
    super();
    Object.defineProperty(this, 'live', { get: () => Promise.resolve(isTask) });
  }

  status(message: string): void {
    this.told.push(message);
  }
}

const twice = defineTool({
  name: 'twice',
  handler: async (_, { elicit }) => {
    const answers = await Promise.all([elicit(question('One?')), elicit(question('Two?'))]);
    return answers.map(({ action }) => action).join(' ');
  },
});

describe('a call of which it has to be found out whether it is a task', () => {
  it('asks while it runs when it is one', async () => {
    const sink = new PromotableSink(true);
    sink.answers.push(accept('a'), accept('b'));
    expect(await run(twice, modern(), sink)).toMatchObject({ content: [{ text: 'accept accept' }] });
    expect(sink.asked.map(({ key }) => key)).toEqual(['input-1', 'input-2']);
  });

  it('asks everything by its result when it is none', async () => {
    const sink = new PromotableSink(false);
    const result = await run(twice, modern(), sink);
    expect(result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { 'input-1': {}, 'input-2': {} },
    });
    expect(sink.asked).toEqual([]);
  });

  it('tells its status, which an ordinary call keeps to itself', () => {
    const sink = new PromotableSink(true);
    aContext(modern(), sink).status('half way');
    expect(sink.told).toEqual(['half way']);
    expect(() => aContext(modern()).status('half way')).not.toThrow();
  });
});
