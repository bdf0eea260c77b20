import { MillraceError } from '@millrace/protocol';
import { createMetrics } from '@millrace/service';
import type { Target } from '@millrace/toolkit';
import { expect, test } from 'vitest';
import { failed, succeeded } from './outcome.ts';
import { statusOf, ToolFigures } from './tool-figures.ts';

const tool = (name: string) => ({ name }) as unknown as Target;

test('runs are counted by tool and by how they ended', async () => {
  const metrics = createMetrics();
  const figures = new ToolFigures(metrics);
  const echo = tool('echo');
  for (let run = 0; run < 3; run += 1) figures.of(echo, 'tools/call')?.ended('ok', 20);
  figures.of(echo, 'tools/call')?.ended('error', 1_500);
  const exposed = await metrics.registry.metrics();
  expect(exposed).toContain('mcp_tool_executions_total{tool="echo",status="ok"} 3');
  expect(exposed).toContain('mcp_tool_executions_total{tool="echo",status="error"} 1');
  expect(exposed).toContain(
    'mcp_tool_execution_duration_seconds_bucket{tool="echo",status="ok",le="0.025"} 3',
  );
  expect(exposed).toContain('mcp_tool_execution_duration_seconds_sum{tool="echo",status="error"} 1.5');
});

test.each([
  [new MillraceError('deadline_exceeded', 'too late'), 'timeout'],
  [new MillraceError('cancelled', 'gone'), 'cancelled'],
  [new MillraceError('circuit_open', 'open'), 'refused'],
  [new MillraceError('invalid_params', 'wrong'), 'rejected'],
  [new Error('a bug'), 'error'],
])('%s counts as %s', (thrown, status) => {
  const { failure } = failed(thrown);
  expect(failure && statusOf(failure)).toBe(status);
});

test('a result that tells of a failure is no success', () => {
  const { failure } = succeeded({ isError: true, content: [] });
  expect(failure && statusOf(failure)).toBe('rejected');
});

test('a tool that is registered again goes on where it was', async () => {
  const metrics = createMetrics();
  const figures = new ToolFigures(metrics);
  for (const target of [tool('echo'), tool('echo')]) figures.of(target, 'tools/call')?.ended('ok', 1);
  expect(await metrics.registry.metrics()).toContain('mcp_tool_executions_total{tool="echo",status="ok"} 2');
});

test('names of resources and prompts make no series', () => {
  expect(new ToolFigures(createMetrics()).of(tool('users://1'), 'resources/read')).toBeUndefined();
});
