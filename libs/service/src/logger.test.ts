import { expect, test } from 'vitest';
import { createLogger, type LoggerOptions } from './logger.ts';

function written(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, logger: createLogger({ name: 'worker', level: 'info', destination, ...options }) };
}

test('lines are JSON with the level by name and the time in ISO 8601', () => {
  const { lines, logger } = written();
  logger.info({ pool: 'fast' }, 'took a batch');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    name: 'worker',
    pool: 'fast',
    msg: 'took a batch',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });
});

test('a level keeps lower lines back', () => {
  const { lines, logger } = written({ level: 'warn' });
  logger.info('quiet');
  expect(lines).toEqual([]);
});

test('pretty lines are for people, with the stack of an error below', () => {
  const { lines, logger } = written({ pretty: true });
  logger.warn({ pool: 'fast', calls: 3, err: new Error('broken') }, 'odd');
  expect(lines[0]).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} WARN {2}worker: odd pool=fast calls=3\n {2}Error: broken\n {6}at /,
  );
});
