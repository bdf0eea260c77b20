import { AFFINITY_META_KEY } from '@millrace/protocol';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { connectModern, connectSession, type ModernClient, type SessionClient } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { childrenOf, hosting, testServer } from '../support/upstreams.ts';
import { send, toolCall } from '../support/wire.ts';

/**
 * A server that keeps state in its process. Each session, and each handle of a client without sessions, has a process
 * of its own on one of the workers, whichever front door a call comes through; and when the state is lost, the next
 * call says so once.
 */
const cluster = await startCluster({
  frontDoors: 2,
  workers: 2,
  plugins: [],
  workerEnv: hosting({
    stateful: { ...testServer('workshop'), affinity: 'session', min: 1, max: 10, era: 'session' },
  }),
});
afterAll(() => cluster.stop());

const text = (result: object) => (result as { content: [{ text: string }] }).content[0].text;
const count = { name: 'count', arguments: {} };

async function countOf(
  client: ModernClient | SessionClient,
  handle?: string,
): Promise<{ n: number; pid: number }> {
  const meta = handle === undefined ? {} : { _meta: { [AFFINITY_META_KEY]: handle } };
  const [, n, pid] = /^(\d+) in (\d+)$/.exec(text(await client.callTool({ ...count, ...meta }))) ?? [];
  return { n: Number(n), pid: Number(pid) };
}

async function workerOf(pid: number) {
  const worker = cluster.workers.find((one) => childrenOf(one.pid).some((child) => child.pid === pid));
  if (!worker) throw new Error(`no worker has the process ${pid}`);
  return worker;
}

describe('the calls of a session', () => {
  test('go to one process, and no other session sees what that keeps', async () => {
    const [ada, bob] = [
      await connectSession(cluster.urls[0] as string),
      await connectSession(cluster.urls[1] as string),
    ];
    const first = await countOf(ada);
    const others = [await countOf(bob), await countOf(bob)];
    const later = [await countOf(ada), await countOf(ada)];
    expect([first, ...later].map(({ n }) => n)).toEqual([1, 2, 3]);
    expect(others.map(({ n }) => n)).toEqual([1, 2]);
    expect(new Set([first, ...later].map(({ pid }) => pid)).size).toBe(1);
    expect(others[0]?.pid).not.toBe(first.pid);
  });

  test('find the process through any front door', async () => {
    const session = await connectSession(cluster.urls[0] as string);
    const { sessionId } = session.transport ?? {};
    expect((await countOf(session)).n).toBe(1);
    const headers = { 'mcp-session-id': sessionId as string, 'mcp-protocol-version': '2025-11-25' };
    const response = await fetch(cluster.urls[1] as string, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: count }),
    });
    expect(await response.text()).toContain('"text":"2 in ');
  });
});

describe('a client without sessions', () => {
  test('names a handle, under which the state is found again', async () => {
    const one = await connectModern(cluster.urls[0] as string);
    const two = await connectModern(cluster.urls[1] as string);
    const counts = [
      await countOf(one, 'my work'),
      await countOf(two, 'my work'),
      await countOf(one, 'my work'),
    ];
    expect(counts.map(({ n }) => n)).toEqual([1, 2, 3]);
    expect((await countOf(one, 'other work')).n).toBe(1);
  });

  test('is told what to do when it names none', async () => {
    const { message } = await send(cluster.url, toolCall('count', {}));
    expect(message.error).toMatchObject({
      code: -32602,
      message: expect.stringContaining(AFFINITY_META_KEY),
      data: { name: 'invalid_params' },
    });
  });
});

describe('lost state', () => {
  const LOST = { code: -32017, data: { name: 'state_lost', retryable: false } };

  test('of a process that died is told once; then the session begins anew', async () => {
    const client = await connectSession(cluster.url);
    const { pid } = await countOf(client);
    const worker = await workerOf(pid);
    const gone = worker.logs.next('a process of an upstream ended by itself');
    process.kill(pid, 'SIGKILL');
    await gone;
    await expect(countOf(client)).rejects.toMatchObject(LOST);
    expect(await countOf(client)).toMatchObject({ n: 1 });
  });

  test('of a worker that died is told, also to the calls that it was running; then another worker begins anew', async () => {
    const client = await connectModern(cluster.url);
    const { pid } = await countOf(client, 'doomed');
    const worker = await workerOf(pid);
    const meta = { [AFFINITY_META_KEY]: 'doomed' };
    const begun = worker.logs.next('an upstream said', { line: 'slow has begun' });
    const running = send(cluster.url, toolCall('slow', { ms: 20_000 }, meta));
    await begun;
    await worker.kill('SIGKILL');
    expect((await running).message.error).toMatchObject(LOST);
    const again = await vi.waitFor(() => countOf(client, 'doomed'), { timeout: 5_000 });
    expect(again.n).toBe(1);
    expect(await workerOf(again.pid)).not.toBe(worker);
    // What the dead worker had started was ended by its guard.
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 5_000 });
  });
});
