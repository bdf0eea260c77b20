import type { Call, JsonObject } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { CallContext } from '../call-context.ts';
import { definePrompt } from '../prompt.ts';
import { defineResource } from '../resource.ts';
import { defineResourceTemplate } from '../resource-template.ts';
import type { Target } from '../target.ts';
import {
  accept,
  explicit,
  greet,
  message,
  modern,
  ofSession,
  question,
  run,
  text,
  tool,
} from '../testing/asking.ts';
import { RecordingSink } from '../testing/calls.ts';
import { defineTool } from '../tool.ts';
import { elicitation, rootsList, sampling } from './input-request.ts';
import { type InputRequired, inputRequired } from './input-required.ts';

describe('a tool that asks a client of 2026-07-28', () => {
  it('runs again with each answer, and keeps the earlier ones', async () => {
    const first = await run(greet, modern());
    expect(first).toEqual({
      resultType: 'input_required',
      inputRequests: { 'input-1': { method: 'elicitation/create', params: question('First name?') } },
      requestState: expect.any(String),
    });
    const { requestState } = first;
    const second = await run(greet, modern({ requestState, inputResponses: { 'input-1': accept('Ada') } }));
    expect(second['inputRequests']).toEqual({ last: elicitation(question('Last name?')) });
    expect(second['requestState']).not.toBe(requestState);
    const inputResponses = { last: accept('Lovelace'), unknown: accept('x') };
    const third = await run(greet, modern({ requestState: second['requestState'], inputResponses }));
    expect(third).toEqual({ content: [{ type: 'text', text: 'Ada Lovelace' }] });
  });

  it('asks for several things at once', async () => {
    const both = tool(async ({ elicit, sample, listRoots }) => {
      const [a, b, c] = await Promise.all([
        elicit(question('Who?')),
        sample({ messages: [], maxTokens: 5 }),
        listRoots({ key: 'roots' }),
      ]);
      return `${a.action} ${b.model} ${c.roots.length}`;
    });
    const { inputRequests } = await run(both, modern());
    expect(inputRequests).toEqual({
      'input-1': elicitation(question('Who?')),
      'input-2': sampling({ messages: [], maxTokens: 5 }),
      roots: rootsList(),
    });
    const inputResponses = { 'input-1': { action: 'decline' }, 'input-2': message, roots: { roots: [] } };
    expect(text(await run(both, modern({ inputResponses })))).toBe('decline m 0');
  });

  it('asks again for what is missing or no answer', async () => {
    for (const answer of [
      undefined,
      accept,
      { method: 'x', result: accept('Ada') },
      { role: 'user' },
      'Ada',
    ]) {
      const result = await run(greet, modern({ inputResponses: { 'input-1': answer } }));
      expect(Object.keys(result['inputRequests'] as JsonObject)).toEqual(['input-1']);
    }
  });

  it('goes back to the client even if the handler swallows or wraps what ends its run', async () => {
    const swallows = tool(async ({ elicit }) => {
      await elicit(question('Who?')).catch(() => undefined);
      return 'nobody';
    });
    const wraps = tool(async ({ elicit }) => {
      await elicit(question('Who?')).catch((cause) => {
        throw new Error('failed', { cause });
      });
      return '';
    });
    const forgets = tool(({ elicit }) => {
      void elicit(question('Who?'));
      throw new Error('too early');
    });
    for (const one of [swallows, wraps, forgets]) {
      expect(await run(one, modern())).toMatchObject({ resultType: 'input_required' });
    }
  });

  it('is told at once when the client cannot be asked', async () => {
    const asked = run(greet, modern({}, { sampling: {} }));
    await expect(asked).rejects.toMatchObject({ kind: 'missing_capability', code: -32021 });
    const falls = tool(({ elicit }) => elicit(question('Who?')).then(String, (error) => error.kind));
    expect(text(await run(falls, modern({}, {})))).toBe('missing_capability');
  });

  it('can look at what the client can do', async () => {
    const looks = tool(({ clientCapabilities }) => Object.keys(clientCapabilities).join());
    expect(text(await run(looks, modern({}, { sampling: {} })))).toBe('sampling');
    expect(text(await run(looks, ofSession({ roots: {} })))).toBe('roots');
  });

  it('refuses a state that is not its own, whether it looks at it or not', async () => {
    const plain = tool(() => 'done');
    await expect(run(plain, modern({ requestState: 'x' }))).rejects.toMatchObject({
      kind: 'invalid_params',
      members: { reason: 'invalid_request_state' },
    });
    const { requestState } = await run(greet, modern());
    const tampered = run(greet, modern({ requestState: `${requestState}-TAMPERED` }));
    await expect(tampered).rejects.toMatchObject({ message: 'Invalid or expired requestState' });
  });

  it('refuses to ask twice under one key in one run', async () => {
    const twice = tool(async ({ elicit }) => {
      await Promise.all([elicit(question('a'), { key: 'k' }), elicit(question('b'), { key: 'k' })]);
      return '';
    });
    const inputResponses = { k: accept('Ada') };
    expect(text(await run(twice, modern({ inputResponses })))).toContain('"k" was asked for twice');
  });
});

describe('a tool that returns what it needs', () => {
  it('gets its state and all answers back', async () => {
    const wizard = tool(explicit);
    const first = await run(wizard, modern());
    expect(first).toMatchObject({ resultType: 'input_required', inputRequests: { step1: {} } });
    expect(first).not.toHaveProperty('state');
    const { requestState } = first;
    const second = await run(wizard, modern({ requestState, inputResponses: { step1: accept('a') } }));
    const inputResponses = { step2: accept('b') };
    const third = await run(wizard, modern({ requestState: second['requestState'], inputResponses }));
    expect(text(third)).toBe('step1,step2 after 2');
  });

  it('may keep a state without asking', async () => {
    const waits = tool(({ state }) => (state() === undefined ? inputRequired({ state: 'warm' }) : 'done'));
    const first = await run(waits, modern());
    expect(first).toEqual({ resultType: 'input_required', requestState: expect.any(String) });
    expect(text(await run(waits, modern({ requestState: first['requestState'] })))).toBe('done');
    expect(text(await run(waits, ofSession()))).toBe('done');
  });

  it('may declare an output', async () => {
    const output = z.object({ name: z.string() });
    const typed = defineTool({
      name: 't',
      output,
      handler: (_, { inputResponses }) =>
        inputResponses['who'] ? { name: 'Ada' } : inputRequired({ inputRequests: { who: rootsList() } }),
    });
    expect(await run(typed, modern())).toMatchObject({ resultType: 'input_required' });
    const done = await run(typed, modern({ inputResponses: { who: { roots: [] } } }));
    expect(done).toMatchObject({ structuredContent: { name: 'Ada' } });
  });

  it('is refused what the client cannot do, and what is no request', async () => {
    await expect(run(tool(explicit), modern({}, {}))).rejects.toMatchObject({ kind: 'missing_capability' });
    const wrong = { resultType: 'input_required', inputRequests: { a: { method: 'tools/list' } } };
    const empty = { resultType: 'input_required' };
    for (const returned of [wrong, empty]) {
      const failing = run(
        tool(() => returned as InputRequired),
        modern(),
      );
      await expect(failing).rejects.toMatchObject({ kind: 'internal_error' });
    }
  });
});

describe('prompts and resources', () => {
  const needs = ({ inputResponses }: CallContext) =>
    inputResponses['who'] ? 'Ada' : inputRequired({ inputRequests: { who: elicitation(question('Who?')) } });
  const targets: [Call['method'], Target][] = [
    ['prompts/get', definePrompt({ name: 't', render: (_, context) => needs(context) })],
    ['resources/read', defineResource({ uri: 'docs://a', name: 'a', read: needs })],
    [
      'resources/read',
      defineResourceTemplate({
        uriTemplate: 'docs://{id}',
        name: 'd',
        read: (_u, _v, context) => needs(context),
      }),
    ],
  ];

  it.each(targets)('%s asks as a tool does', async (method, target) => {
    const call = { ...modern(), method, target: 'docs://a' };
    expect(await run(target, call)).toMatchObject({
      resultType: 'input_required',
      inputRequests: { who: {} },
    });
    const params = { ...call.params, inputResponses: { who: accept('Ada') } };
    expect(JSON.stringify(await run(target, { ...call, params }))).toContain('Ada');
    const sink = new RecordingSink();
    sink.answers.push(accept('Ada'));
    const result = await run(target, { ...ofSession(), method, target: 'docs://a' }, sink);
    expect(JSON.stringify(result)).toContain('Ada');
    const failing = run(target, { ...ofSession(), method, target: 'docs://a' });
    await expect(failing).rejects.toMatchObject({ kind: 'tool_error', message: 'the test gave no answer' });
  });
});
