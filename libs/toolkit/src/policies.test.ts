import { ERROR_META_KEY, type ToolPolicies } from '@millrace/protocol';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { definePlugin } from './plugin.ts';
import { Registry } from './registry.ts';
import type { ToolTarget } from './target.ts';
import { aContext, aToolCall } from './testing/calls.ts';
import { defineTool } from './tool.ts';

const offered = async (tool: ToolTarget, policiesOf?: (tool: ToolTarget) => ToolPolicies | undefined) => {
  const registry = new Registry(policiesOf ? { policiesOf } : {});
  await registry.register(definePlugin({ name: 'p', version: '1.0.0', tools: [tool] }));
  return registry.offer(['default']).tools[0];
};

describe('the policies of a tool', () => {
  it('are published with their defaults', async () => {
    const tool = defineTool({ name: 't', policies: { breaker: { failures: 2 } }, handler: () => 'x' });
    expect((await offered(tool))?.policies).toEqual({
      breaker: { failures: 2, recoveryMs: 60_000, successes: 3 },
    });
  });

  it('are published as configuration wants them', async () => {
    const tool = defineTool({ name: 't', policies: { breaker: {} }, handler: () => 'x' });
    expect((await offered(tool, () => ({ maxQueueMs: 5 })))?.policies).toEqual({ maxQueueMs: 5 });
    expect(await offered(tool, () => undefined)).not.toHaveProperty('policies');
  });

  it('are refused when they contradict the tool, wherever they come from', async () => {
    const policies = { retry: { attempts: 2, baseMs: 1, maxMs: 2 } };
    const refused = 'Tool t: policies.retry and idempotent';
    await expect(offered(defineTool({ name: 't', policies, handler: () => 'x' }))).rejects.toThrow(refused);
    const tool = defineTool({ name: 't', handler: () => 'x' });
    await expect(offered(tool, () => policies)).rejects.toThrow(refused);
  });
});

describe('another handler to fall back on', () => {
  const input = z.object({ city: z.string() });
  const handler = () => 'x';

  it('is told to front doors', () => {
    const tool = defineTool({ name: 't', input, handler, fallback: ({ city }) => city });
    expect(tool.policies).toEqual({ fallback: { kind: 'handler' } });
    expect(defineTool({ name: 't', handler }).fallback).toBeUndefined();
  });

  it('gets the arguments and the reason, and gives a result of the same form', async () => {
    const output = z.object({ sky: z.string() });
    const tool = defineTool({
      name: 't',
      input,
      output,
      handler: () => ({ sky: 'blue' }),
      fallback: ({ city }, _context, reason) => ({ sky: `${reason} in ${city}` }),
    });
    const call = aToolCall('t', { city: 'Rome' });
    expect(await tool.fallback?.(call, aContext(call), 'tool_error')).toMatchObject({
      structuredContent: { sky: 'tool_error in Rome' },
    });
  });

  it('may fail, which is for its caller to see', async () => {
    const fallback = () => {
      throw new Error('this one too');
    };
    const call = aToolCall('t', { city: 'Rome' });
    const failing = defineTool({ name: 't', input, handler, fallback });
    await expect(failing.fallback?.(call, aContext(call), 'x')).rejects.toThrow('this one too');
    const wrong = aToolCall('t', { city: 7 });
    await expect(failing.fallback?.(wrong, aContext(wrong), 'x')).rejects.toThrow('city');
    expect(await failing.run(call, aContext(call))).not.toHaveProperty(['_meta', ERROR_META_KEY]);
  });

  it('does not go with a policy that says something else', () => {
    const policies = { fallback: { kind: 'stale' as const } };
    expect(() => defineTool({ name: 't', handler, policies, fallback: () => 'y' })).toThrow(
      'Tool t: fallback and policies.fallback',
    );
  });
});
