import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, systemClock } from '@millrace/service';
import { expect, test, vi } from 'vitest';
import { verifyAudit } from './audit-chain.ts';
import { AuditLog, type AuditSink } from './audit-log.ts';
import type { AuditLine } from './audit-record.ts';
import { FileAuditSink, StreamAuditSink } from './audit-sinks.ts';

const logger = createLogger({ name: 'test', level: 'silent' });

function logTo(...sinks: AuditSink[]) {
  const onLost = vi.fn();
  const options = { chain: 'f-1', keys: undefined, sinks, blocks: false, clock: systemClock, logger, onLost };
  return { log: new AuditLog(options), onLost };
}

/** A sink that keeps what it is given, and can be made to fail. */
function memory() {
  const batches: (readonly AuditLine[])[] = [];
  const sink = {
    broken: false,
    write: async (lines: readonly AuditLine[]) => {
      if (sink.broken) throw new Error('the disk is full');
      batches.push(lines);
    },
    close: async () => undefined,
  };
  return { sink, batches };
}

test('what happens in one turn is written together', async () => {
  const { sink, batches } = memory();
  const { log } = logTo(sink);
  for (const name of ['a', 'b', 'c']) log.add({ event: 'ended', name });
  await log.write({ event: 'begun', name: 'd' });
  expect(batches.map((lines) => lines.map(({ record }) => record.name))).toEqual([['a', 'b', 'c', 'd']]);
  expect(batches[0]?.[0]?.record.at).toMatch(/^\d{4}-\d\d-\d\dT/);
});

test('what cannot be written is counted, and the next line says so', async () => {
  const { sink, batches } = memory();
  const { log, onLost } = logTo(sink);
  log.add({ event: 'ended', name: 'a' });
  await vi.waitFor(() => expect(batches).toHaveLength(1));
  sink.broken = true;
  await expect(log.write({ event: 'begun', name: 'b' })).rejects.toMatchObject({ kind: 'audit_unavailable' });
  await expect(log.write({ event: 'begun', name: 'c' })).rejects.toMatchObject({ kind: 'audit_unavailable' });
  sink.broken = false;
  await log.write({ event: 'begun', name: 'd' });
  await log.stop();
  expect(onLost.mock.calls).toEqual([[1], [1]]);
  const lines = batches.flat();
  expect(lines.map(({ record }) => [record.name, record.lost])).toEqual([
    ['a', undefined],
    ['d', 2],
  ]);
  expect(verifyAudit(lines, undefined)).toEqual([]);
});

test('a line is on record only when it is in every sink', async () => {
  const [good, bad] = [memory(), memory()];
  bad.sink.broken = true;
  const { log } = logTo(good.sink, bad.sink);
  await expect(log.write({ event: 'begun' })).rejects.toMatchObject({ kind: 'audit_unavailable' });
  expect(good.batches).toHaveLength(1);
});

test('stop waits for what is not written yet', async () => {
  const { sink, batches } = memory();
  const { log } = logTo(sink);
  log.add({ event: 'ended' });
  await log.stop();
  await log.stop();
  expect(batches).toHaveLength(1);
});

test('a file grows line by line, and nobody else may read it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-audit-'));
  const path = join(directory, 'audit.jsonl');
  const { log } = logTo(new FileAuditSink(path));
  await log.write({ event: 'begun', name: 'a' });
  await log.write({ event: 'begun', name: 'b' });
  await log.stop();
  const lines = (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as AuditLine);
  expect(lines.map(({ record }) => record.name)).toEqual(['a', 'b']);
  expect(verifyAudit(lines, undefined)).toEqual([]);
  await rm(directory, { recursive: true });
});

test('a file that cannot be opened loses lines, and is tried again', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-audit-'));
  const path = join(directory, 'audit');
  const { log, onLost } = logTo(new FileAuditSink(join(path, 'below')));
  await expect(log.write({ event: 'begun' })).rejects.toMatchObject({ kind: 'audit_unavailable' });
  expect(onLost).toHaveBeenCalledWith(1);
  await log.stop();
  await rm(directory, { recursive: true });
});

test('standard output gets one JSON object for each line', async () => {
  const texts: string[] = [];
  const output = {
    write: (text: string, done: () => void) => {
      texts.push(text);
      done();
    },
  };
  const { log } = logTo(new StreamAuditSink(output));
  await log.write({ event: 'refused', outcome: 'unauthenticated' });
  expect(JSON.parse(texts.join(''))).toMatchObject({ chain: 'f-1', seq: 1, record: { event: 'refused' } });
});
