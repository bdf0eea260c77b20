import type { DeadLetter } from '@millrace/broker';
import type { OperationRoute } from './operation-route.ts';
import { countOf, nameOf, WrongRequest } from './wrong-request.ts';

const LIMIT = 100;
const MAX_LIMIT = 1_000;
const TIMEOUT_MS = 60_000;
const MAX_TIMEOUT_MS = 86_400_000;

/** Where a page of letters may begin. */
const POSITION = /^\d+-\d+$/;

/** A page of the letters of a pool, without what was sent with the calls; or all of one letter. */
export const letters: OperationRoute = async (operations, [name, id], url) => {
  const pool = nameOf('pool', name);
  if (id !== undefined) return { body: whole(await find(operations, pool, id)) };
  const from = url.searchParams.get('from') ?? undefined;
  if (from !== undefined && !POSITION.test(from)) {
    throw new WrongRequest(400, `from: "${from}" — expected what a page gave as next`);
  }
  const page = await operations.letters.list(pool, countOf(url, 'limit', LIMIT, MAX_LIMIT), from);
  return { body: { ...page, letters: page.letters.map(summary) } };
};

export const replaysLetter: OperationRoute = async (operations, [name, id, wish], url) => {
  if (wish !== 'replay') throw new WrongRequest(404, 'expected /dead-letters/<pool>/<id>/replay');
  const pool = nameOf('pool', name);
  const timeoutMs = countOf(url, 'timeoutMs', TIMEOUT_MS, MAX_TIMEOUT_MS);
  const { id: letter } = await find(operations, pool, id);
  const call = await operations.replay(pool, letter, timeoutMs);
  if (call === undefined) throw new WrongRequest(409, `${letter}: somebody else replays it at this moment`);
  return { status: 202, body: { replayed: letter, call } };
};

export const deletesLetter: OperationRoute = async (operations, [name, id]) => {
  const pool = nameOf('pool', name);
  const { id: letter } = await find(operations, pool, id);
  await operations.letters.remove(pool, letter);
  return { body: { deleted: letter } };
};

async function find(
  operations: Parameters<OperationRoute>[0],
  pool: string,
  id: string | undefined,
): Promise<DeadLetter> {
  const letter = id === undefined ? undefined : await operations.letters.get(pool, id);
  if (!letter) throw new WrongRequest(404, `there is no dead letter ${id} in the pool ${pool}`);
  return letter;
}

function summary({ call: { id, method, target, principal }, ...letter }: DeadLetter) {
  return { ...letter, call: { id, method, target, ...(principal && { principal }) } };
}

/** The seal grants something, and is nobody's business. */
function whole({ call: { seal, ...call }, ...letter }: DeadLetter) {
  return { ...letter, call };
}
