import { MillraceError } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { accept, explicit, greet, modern, ofSession, question, run, text, tool } from '../testing/asking.ts';
import { RecordingSink } from '../testing/calls.ts';
import { ClientError } from './client-error.ts';
import { elicitation, rootsList } from './input-request.ts';
import { inputRequired } from './input-required.ts';

describe('a client that can be asked while the call runs', () => {
  it('is asked over its session, in one run', async () => {
    const sink = new RecordingSink();
    sink.answers.push(accept('Ada'), accept('Lovelace'));
    expect(text(await run(greet, ofSession(), sink))).toBe('Ada Lovelace');
    expect(sink.asked).toEqual([
      { method: 'elicitation/create', params: question('First name?'), key: 'input-1' },
      { method: 'elicitation/create', params: question('Last name?'), key: 'last' },
    ]);
  });

  it('is asked in the same way when the call runs as a task', async () => {
    const sink = new RecordingSink();
    sink.live = true;
    sink.answers.push(accept('Lovelace'));
    const call = modern({ inputResponses: { 'input-1': accept('Ada') } });
    expect(text(await run(greet, call, sink))).toBe('Ada Lovelace');
    expect(sink.asked.map(({ key }) => key)).toEqual(['last']);
  });

  it('fulfils what a tool returns, and the tool runs again', async () => {
    const sink = new RecordingSink();
    sink.answers.push(accept('a'), accept('b'));
    expect(text(await run(tool(explicit), ofSession(), sink))).toBe('step1,step2 after 2');
    expect(sink.asked.map(({ key }) => key)).toEqual(['step1', 'step2']);
  });

  it('is not asked again for what it answered in an earlier run', async () => {
    const sink = new RecordingSink();
    sink.answers.push(accept('Ada'), { roots: [] });
    const mixed = tool(async ({ elicit, inputResponses }) => {
      const { content } = await elicit(question('Who?'));
      return inputResponses['r']
        ? `${content?.['name']}`
        : inputRequired({ inputRequests: { r: rootsList() } });
    });
    expect(text(await run(mixed, ofSession(), sink))).toBe('Ada');
    expect(sink.asked).toHaveLength(2);
  });

  it('gives a page to visit the id that sessions need', async () => {
    const sink = new RecordingSink();
    sink.answers.push({ action: 'accept' });
    const page = { mode: 'url', message: 'Log in', url: 'https://example.com' } as const;
    const login = tool(async ({ elicit }) => (await elicit(page)).action);
    await run(login, ofSession({ elicitation: { url: {} } }), sink);
    expect(sink.asked[0]?.params).toEqual({ ...page, elicitationId: expect.any(String) });
    const { inputRequests } = await run(login, modern({}, { elicitation: { url: {} } }));
    expect(inputRequests).toMatchObject({ 'input-1': { params: page } });
  });

  it.each([
    ['an error', new ClientError({ code: -1, message: 'User rejected' }), 'User rejected'],
    ['nonsense', { hello: 'world' }, 'no valid answer to elicitation/create'],
  ])('whose answer is %s makes the tool fail', async (_, answer, reason) => {
    for (const one of [greet, tool(explicit)]) {
      const sink = new RecordingSink();
      sink.answers.push(answer);
      const result = await run(one, ofSession(), sink);
      expect(result['isError']).toBe(true);
      expect(text(result)).toContain(reason);
    }
  });

  it('that does not answer in time ends the call with its deadline', async () => {
    const timeout = new MillraceError('deadline_exceeded', 'too late');
    for (const one of [greet, tool(explicit)]) {
      const sink = new RecordingSink();
      sink.answers.push(timeout);
      await expect(run(one, ofSession(), sink)).rejects.toBe(timeout);
    }
  });

  it('is not asked for ever', async () => {
    const sink = new RecordingSink();
    sink.answers.push(...Array.from({ length: 20 }, () => accept('x')));
    const endless = tool(() => inputRequired({ inputRequests: { who: elicitation(question('Who?')) } }));
    await expect(run(endless, ofSession(), sink)).rejects.toThrow('more than 8 times');
    expect(sink.asked).toHaveLength(8);
  });

  it('cannot bring a state, for its revision knows none', async () => {
    const call = ofSession();
    const result = await run(
      tool(({ state }) => String(state())),
      {
        ...call,
        params: { requestState: 'x', inputResponses: {} },
      },
    );
    expect(text(result)).toBe('undefined');
  });
});
