import { type DeadLetter, summaryOf, viewOf } from '@millrace/broker';
import type { OperationRoute } from './operation-route.ts';
import { countOf, nameOf, WrongRequest } from './wrong-request.ts';

const LIMIT = 100;
const MAX_LIMIT = 1_000;
const TIMEOUT_MS = 60_000;
const MAX_TIMEOUT_MS = 86_400_000;

/** Where a page of letters may begin. */
const POSITION = /^\d+-\d+$/;

/** A page of the letters of a pool, without what was sent with the calls; or one letter, without secrets. */
export const letters: OperationRoute = async (operations, [name, id], url) => {
  const pool = nameOf('pool', name);
  if (id !== undefined) return { body: viewOf(await find(operations, pool, id, url)) };
  const from = url.searchParams.get('from') ?? undefined;
  if (from !== undefined && !POSITION.test(from)) {
    throw new WrongRequest(400, `from: "${from}" — expected what a page gave as next`);
  }
  const limit = countOf(url, 'limit', LIMIT, MAX_LIMIT);
  const page = await operations.letters.list(pool, limit, from, tenantIn(url));
  return { body: { ...page, letters: page.letters.map(summaryOf) } };
};

export const replaysLetter: OperationRoute = async (operations, [name, id, wish], url) => {
  if (wish !== 'replay') throw new WrongRequest(404, 'expected /dead-letters/<pool>/<id>/replay');
  const pool = nameOf('pool', name);
  const timeoutMs = countOf(url, 'timeoutMs', TIMEOUT_MS, MAX_TIMEOUT_MS);
  const { id: letter } = await find(operations, pool, id, url);
  const call = await operations.replay(pool, letter, timeoutMs);
  if (call === undefined) throw new WrongRequest(409, `${letter}: somebody else replays it at this moment`);
  return { status: 202, body: { replayed: letter, call } };
};

export const deletesLetter: OperationRoute = async (operations, [name, id], url) => {
  const pool = nameOf('pool', name);
  const { id: letter } = await find(operations, pool, id, url);
  await operations.letters.remove(pool, letter);
  return { body: { deleted: letter } };
};

async function find(
  operations: Parameters<OperationRoute>[0],
  pool: string,
  id: string | undefined,
  url: URL,
): Promise<DeadLetter> {
  const letter = id === undefined ? undefined : await operations.letters.get(pool, id, tenantIn(url));
  if (!letter) throw new WrongRequest(404, `there is no dead letter ${id} in the pool ${pool}`);
  return letter;
}

/** Whose letters are meant; everybody's where it does not say. */
function tenantIn(url: URL): string | undefined {
  return url.searchParams.get('tenant') ?? undefined;
}
