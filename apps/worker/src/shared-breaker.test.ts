import type { BreakerBoard, BreakerStanding, ProbeReply } from '@millrace/broker';
import { createLogger } from '@millrace/service';
import { expect, test } from 'vitest';
import { SharedBreaker } from './shared-breaker.ts';

const LIMITS = { failures: 5, recoveryMs: 60_000, successes: 3 };

interface Setting {
  readonly standing?: Partial<BreakerStanding>;
  readonly probe?: () => Promise<ProbeReply>;
  readonly report?: () => Promise<void>;
}

function aBreaker({ standing, probe, report = async () => undefined }: Setting = {}) {
  const reports: unknown[] = [];
  const full = standing && { status: 'open', suspected: false, freeAt: 0, ...standing };
  const board = {
    standing: () => full,
    askProbe: probe ?? (() => Promise.reject(new Error('must not be asked'))),
    report: (_name: string, _limits: unknown, ...rest: unknown[]) => {
      reports.push(rest);
      return report();
    },
  } as unknown as BreakerBoard;
  const logger = createLogger({ name: 'test', level: 'silent' });
  return {
    reports,
    breaker: new SharedBreaker({ board, logger, name: 'mail', limits: LIMITS, probeMs: 1_000 }),
  };
}

test('what nobody has heard of is closed', () => {
  const { breaker } = aBreaker();
  expect([breaker.closed, breaker.suspected]).toEqual([true, false]);
});

test.each([
  { standing: { status: 'closed', suspected: true }, is: [true, true] },
  { standing: { status: 'open' }, is: [false, false] },
  { standing: { status: 'half-open' }, is: [false, false] },
] as const)('$standing', ({ standing, is }) => {
  const { breaker } = aBreaker({ standing });
  expect([breaker.closed, breaker.suspected]).toEqual(is);
});

test('how tries went is told, and whether that was possible', async () => {
  const { breaker, reports } = aBreaker();
  expect(await breaker.failed()).toBe(true);
  await breaker.succeeded();
  await breaker.tripped();
  expect(reports).toEqual([
    ['bad', undefined],
    ['good', undefined],
    ['tripped', undefined],
  ]);
  const away = aBreaker({ report: () => Promise.reject(new Error('Redis is away')) });
  expect(await away.breaker.failed()).toBe(false);
});

test('before its time nobody is asked for the leave to probe', async () => {
  const { breaker } = aBreaker({ standing: { freeAt: Date.now() + 30_000 } });
  const answer = await breaker.askProbe();
  expect(answer).toMatchObject({ kind: 'refused' });
  expect(answer.kind === 'refused' && answer.waitMs).toBeGreaterThan(29_000);
});

test('while another one probes it is worth coming back soon', async () => {
  const { breaker } = aBreaker({ standing: { status: 'half-open', freeAt: Date.now() + 30_000 } });
  expect(await breaker.askProbe()).toEqual({ kind: 'refused', waitMs: 1_000 });
});

test('who has the leave reports with its token', async () => {
  const { breaker, reports } = aBreaker({
    standing: {},
    probe: async () => ({ kind: 'granted', token: 't-1' }),
  });
  const answer = await breaker.askProbe();
  if (answer.kind === 'granted') await answer.end('good');
  expect(reports).toEqual([['good', 't-1']]);
});

test('what was closed meanwhile, or is somebody else’s to probe', async () => {
  const closed = aBreaker({ standing: {}, probe: async () => ({ kind: 'closed' }) });
  expect(await closed.breaker.askProbe()).toEqual({ kind: 'closed' });
  const late = aBreaker({ standing: {}, probe: async () => ({ kind: 'refused', waitMs: 7 }) });
  expect(await late.breaker.askProbe()).toEqual({ kind: 'refused', waitMs: 7 });
});

test('while Redis cannot be asked nobody probes', async () => {
  const { breaker } = aBreaker({ standing: {}, probe: () => Promise.reject(new Error('Redis is away')) });
  expect(await breaker.askProbe()).toEqual({ kind: 'refused', waitMs: 1_000 });
});
