import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { LogLines } from './log-lines.ts';

test('lines are found, past and future, by message and fields', async () => {
  const output = new PassThrough();
  const logs = new LogLines(output);
  output.write('{"level":"info","msg":"started","key":"a"}\n');
  await expect(logs.first('started', { key: 'a' })).resolves.toMatchObject({ level: 'info' });
  const next = logs.next('started', { key: 'b' });
  output.write('{"level":"info","msg":"started","key":"b"}\n');
  await next;
  expect(logs.having('started')).toHaveLength(2);
});

test('what a tool prints beside the log is a line too', async () => {
  const output = new PassThrough();
  const logs = new LogLines(output);
  output.write('plain text\n');
  await expect(logs.first('plain text')).resolves.toEqual({ level: 'info', msg: 'plain text' });
});

test('a line that never comes is told when the process has ended', async () => {
  const output = new PassThrough();
  const logs = new LogLines(output);
  const waiting = logs.first('never', { key: 'a' });
  output.end();
  await expect(waiting).rejects.toThrow('the process ended before it logged "never" {"key":"a"}');
  await expect(logs.next('never')).rejects.toThrow('the process ended');
});
