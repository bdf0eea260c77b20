import { describe, expect, it } from 'vitest';
import { AuditChain, verifyAudit } from './audit-chain.ts';
import type { AuditLine } from './audit-record.ts';
import { ClusterKeys } from './cluster-keys.ts';

const KEYS = new ClusterKeys('a secret of the cluster, for tests alone');
const record = (name: string, lost?: number) => ({
  at: '2026-11-21T00:00:00.000Z',
  event: 'ended' as const,
  name,
  ...(lost !== undefined && { lost }),
});

function written(
  count: number,
  chain = 'f-1',
  keys: { is: ClusterKeys | undefined } = { is: KEYS },
): AuditLine[] {
  const lines = new AuditChain(chain, keys.is);
  return Array.from({ length: count }, (_, at) => lines.next(record(`tool ${at}`)));
}

describe('a log', () => {
  it('that nobody touched is sound, however the lines of several processes are mixed', () => {
    const [a = [], b = []] = [written(3, 'f-1'), written(3, 'f-2')];
    expect(
      verifyAudit(
        [0, 1, 2].flatMap((at) => [a[at], b[at]].filter((line) => line !== undefined)),
        KEYS,
      ),
    ).toEqual([]);
  });

  it('shows a line that was changed', () => {
    const lines = written(3);
    const changed = lines.map((line, at) => (at === 1 ? { ...line, record: record('another') } : line));
    expect(verifyAudit(changed, KEYS)).toEqual(['f-1: line 2 was changed']);
  });

  it('shows that lines were removed, at its begin, in between, or at its end', () => {
    const lines = written(4);
    expect(verifyAudit(lines.slice(1), KEYS)).toEqual(['f-1: 1 lines before line 2 are missing']);
    expect(verifyAudit(lines.toSpliced(1, 2), KEYS)).toEqual(['f-1: 2 lines before line 4 are missing']);
    const { seq = 0, hash = '' } = lines.at(-1) ?? {};
    const heads = new Map([['f-1', { seq, hash }]]);
    expect(verifyAudit(lines.slice(0, 3), KEYS, heads)).toEqual([
      'f-1: ends with line 3, but line 4 was written',
    ]);
    expect(verifyAudit([], KEYS, heads)).toEqual(['f-1: ends with line 0, but line 4 was written']);
  });

  it('shows lines in another order, and those of another chain', () => {
    const [first, second, third] = written(3);
    if (!first || !second || !third) throw new Error('three lines were written');
    expect(verifyAudit([first, third, second], KEYS)).toContain('f-1: line 2 stands after line 3');
    expect(verifyAudit([first, { ...second, chain: 'f-2' }], KEYS)).toEqual(['f-2: line 2 was changed']);
  });

  it('cannot be made up without the secret', () => {
    const stranger = new ClusterKeys('the secret of somebody else entirely');
    expect(verifyAudit(written(1, 'f-1', { is: stranger }), KEYS)).toEqual(['f-1: line 1 was changed']);
    expect(verifyAudit(written(1, 'f-1', { is: undefined }), KEYS)).toEqual(['f-1: line 1 was changed']);
  });

  it('without a secret still shows what was changed by somebody who does not know how', () => {
    const lines = written(2, 'f-1', { is: undefined });
    expect(verifyAudit(lines, undefined)).toEqual([]);
    expect(verifyAudit(lines.slice(1), undefined)).toEqual(['f-1: 1 lines before line 2 are missing']);
  });

  it('explains lines that could not be written', () => {
    const chain = new AuditChain('f-1', KEYS);
    const lines = [
      chain.next(record('a')),
      chain.next(record('lost')),
      chain.next(record('b', 1)),
      chain.next(record('c')),
    ];
    expect(verifyAudit(lines.toSpliced(1, 1), KEYS)).toEqual([]);
    expect(verifyAudit(lines.toSpliced(1, 2), KEYS)).toEqual(['f-1: 2 lines before line 4 are missing']);
  });
});
