import { toolPoliciesSchema, WORKER_POLICIES } from '@millrace/protocol';
import { defineTool } from '@millrace/toolkit';
import { expect, test } from 'vitest';
import { succeeded } from './outcome.ts';
import { aRunningCall } from './testing/running.ts';
import { type Run, ToolChains, type WorkerLayer } from './tool-chain.ts';

const echo = () => defineTool({ name: 'echo', handler: () => 'x' });

function noting(name: string, seen: string[]): WorkerLayer {
  return (_chained, next) => (running) => {
    seen.push(name);
    return next(running);
  };
}

const run: Run = async () => succeeded({ content: [] });

test('policies stand around a run in the order that is written down, whatever the order of the layers', async () => {
  const seen: string[] = [];
  const names = WORKER_POLICIES.toReversed();
  const layers = Object.fromEntries(names.map((name) => [name, noting(name, seen)]));
  const chains = new ToolChains({ layers, policiesOf: () => undefined, innermost: () => run });
  await chains.of(echo(), 'tools/call')(aRunningCall().running);
  expect(seen).toEqual(WORKER_POLICIES);
});

test('a tool that uses no policy is run as it is', () => {
  const layers = { retry: (_: unknown, next: Run) => next, breaker: (_: unknown, next: Run) => next };
  const chains = new ToolChains({ layers, policiesOf: () => undefined, innermost: () => run });
  expect(chains.of(echo(), 'tools/call')).toBe(run);
});

test('a chain is built once for each tool, with what counts for it', () => {
  const built: unknown[] = [];
  const policies = toolPoliciesSchema.parse({ retry: {} });
  const retry: WorkerLayer = ({ tool, policies }, next) => {
    built.push([tool?.name, policies]);
    return next;
  };
  const chains = new ToolChains({ layers: { retry }, policiesOf: () => policies, innermost: () => run });
  const tool = echo();
  chains.of(tool, 'tools/call');
  chains.of(tool, 'tools/call');
  expect(built).toEqual([['echo', policies]]);
});

test('what is no tool has no policies of its own', () => {
  const seen: unknown[] = [];
  const retry: WorkerLayer = ({ tool, policies }, next) => {
    seen.push(tool, policies);
    return next;
  };
  const policiesOf = () => toolPoliciesSchema.parse({ retry: {} });
  new ToolChains({ layers: { retry }, policiesOf, innermost: () => run }).of(echo(), 'prompts/get');
  expect(seen).toEqual([undefined, {}]);
});
