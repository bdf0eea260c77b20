import { expect, test, vi } from 'vitest';
import { BreakerBoard } from './breaker-board.ts';
import { PolicyLink } from './policy-link.ts';
import { onLink } from './testing/policy-links.ts';
import { useTestRedis } from './testing/test-redis.ts';

const redis = useTestRedis();
const RULES = { failures: 3, recoveryMs: 60_000, successes: 2 };
/** Time after which a probe may begin at once. */
const SHORT = { ...RULES, recoveryMs: 1 };

const aBoard = () => onLink(redis.source, (link) => new BreakerBoard(link, redis.keys));

async function twoBoards() {
  return [await aBoard(), await aBoard()] as const;
}

async function open(board: BreakerBoard, rules = RULES): Promise<void> {
  for (let n = 0; n < rules.failures; n += 1) await board.report('mail', rules, 'bad');
}

/** The leave to probe, once the breaker has been open for its time. */
async function leaveToProbe(board: BreakerBoard): Promise<string> {
  const reply = await vi.waitUntil(async () => {
    const found = await board.askProbe('mail', 10_000);
    return found.kind === 'granted' && found;
  });
  return reply.token;
}

test('failures of all processes count together, and all hear that it opened', async () => {
  const [one, other] = await twoBoards();
  await one.report('mail', RULES, 'bad');
  await other.report('mail', RULES, 'bad');
  expect(one.standing('mail')?.status).toBe('closed');
  await one.report('mail', RULES, 'bad');
  expect(one.standing('mail')?.status).toBe('open');
  await vi.waitFor(() => expect(other.standing('mail')?.status).toBe('open'));
  const { freeAt = 0 } = other.standing('mail') ?? {};
  expect(freeAt - Date.now()).toBeGreaterThan(59_000);
});

test('all hear that somebody is suspected, so that a good try anywhere forgives', async () => {
  const [one, other] = await twoBoards();
  await one.report('mail', RULES, 'bad');
  await one.report('mail', RULES, 'bad');
  await vi.waitFor(() => expect(other.standing('mail')?.suspected).toBe(true));
  await other.report('mail', RULES, 'good');
  await vi.waitFor(() => expect(one.standing('mail')).toBeUndefined());
  await one.report('mail', RULES, 'bad');
  expect(one.standing('mail')?.status).toBe('closed');
});

test('one process may have seen enough for all', async () => {
  const board = await aBoard();
  await board.report('mail', RULES, 'tripped');
  expect(board.standing('mail')?.status).toBe('open');
});

test('nobody probes before the time, and then one at a time', async () => {
  const [one, other] = await twoBoards();
  await open(one);
  expect(await one.askProbe('mail', 1_000)).toMatchObject({ kind: 'refused', waitMs: expect.any(Number) });
  await redis.redis.del(redis.keys.breakers);
  await open(one, SHORT);
  await leaveToProbe(one);
  expect(await other.askProbe('mail', 1_000)).toMatchObject({ kind: 'refused' });
  await vi.waitFor(() => expect(other.standing('mail')?.status).toBe('half-open'));
});

test('so many good probes, wherever they are made, close it for all', async () => {
  const [one, other] = await twoBoards();
  await open(one, SHORT);
  await one.report('mail', SHORT, 'good', await leaveToProbe(one));
  expect(one.standing('mail')?.status).toBe('half-open');
  await other.report('mail', SHORT, 'good', await leaveToProbe(other));
  expect(other.standing('mail')).toBeUndefined();
  await vi.waitFor(() => expect(one.standing('mail')).toBeUndefined());
});

test('a bad probe opens it anew, and the good ones before it count no more', async () => {
  const board = await aBoard();
  await open(board, SHORT);
  await board.report('mail', SHORT, 'good', await leaveToProbe(board));
  await board.report('mail', SHORT, 'bad', await leaveToProbe(board));
  expect(board.standing('mail')?.status).toBe('open');
  await board.report('mail', SHORT, 'good', await leaveToProbe(board));
  expect(board.standing('mail')?.status).toBe('half-open');
});

test('a probe that says neither lets another one try', async () => {
  const board = await aBoard();
  await open(board, SHORT);
  await board.report('mail', SHORT, 'neither', await leaveToProbe(board));
  expect((await board.askProbe('mail', 1_000)).kind).toBe('granted');
});

test('a prober that is never heard of again gives way to the next', async () => {
  const board = await aBoard();
  await open(board, SHORT);
  await vi.waitUntil(async () => (await board.askProbe('mail', 50)).kind === 'granted');
  expect((await board.askProbe('mail', 50)).kind).toBe('refused');
  await leaveToProbe(board);
});

test('what began before it opened says nothing new', async () => {
  const board = await aBoard();
  await open(board);
  await board.report('mail', RULES, 'good');
  await board.report('mail', RULES, 'good', 'no token of ours');
  expect(board.standing('mail')?.status).toBe('open');
});

test('a process that comes later knows what is open', async () => {
  await open(await aBoard());
  expect((await aBoard()).standing('mail')?.status).toBe('open');
});

test('what was missed while Redis was away is read when it is back', async () => {
  const board = await aBoard();
  await open(board);
  await redis.redis.del(redis.keys.breakers);
  await redis.dropSubscribers();
  await vi.waitFor(() => expect(board.standing('mail')).toBeUndefined());
});

test('a breaker that Redis has forgotten is closed', async () => {
  const board = await aBoard();
  await open(board, SHORT);
  await redis.redis.del(redis.keys.breakers);
  expect(await board.askProbe('mail', 1_000)).toEqual({ kind: 'closed' });
  expect(board.standing('mail')).toBeUndefined();
});

test('each change is told once', async () => {
  const board = await aBoard();
  const changes: string[] = [];
  board.onChange(({ name, status }) => void changes.push(`${name} ${status}`));
  const other = await aBoard();
  await open(board, SHORT);
  await board.report('mail', SHORT, 'good', await leaveToProbe(board));
  await board.report('mail', SHORT, 'good', await leaveToProbe(board));
  // What comes by the channel comes in order: the last of it is here.
  await other.report('other', { ...RULES, failures: 1 }, 'bad');
  await vi.waitFor(() => expect(changes).toContain('other open'));
  expect(changes).toEqual(['mail open', 'mail half-open', 'mail closed', 'other open']);
});

test('while Redis cannot be reached a report fails soon', async () => {
  const link = new PolicyLink({ ...redis.source, url: 'redis://127.0.0.1:1' });
  const board = new BreakerBoard(link, redis.keys);
  await expect(board.report('mail', RULES, 'bad')).rejects.toThrow();
  await link.stop();
});
