import { fileURLToPath } from 'node:url';
import { META } from '@millrace/protocol';
import { type McpAnswer, type TestCluster, testCluster } from '@millrace/toolkit/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { send, toolCall } from '../support/wire.ts';

const PLUGIN = fileURLToPath(new URL('./plugins/versioned.ts', import.meta.url));
const CALLS = 200;

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await testCluster({ plugins: [PLUGIN], frontDoors: 2, workerEnv: { VERSION: '1.0.0' } });
});
afterAll(() => cluster.stop());

const textOf = ({ result }: McpAnswer) => (result?.['content'] as { text: string }[] | undefined)?.[0]?.text;

/** How many of the calls each version answered. */
async function versions(): Promise<Record<string, number>> {
  const calls = Array.from({ length: CALLS }, (_, at) => cluster.callTool({ name: 'version' }, at % 2));
  const counts: Record<string, number> = {};
  for (const answer of await Promise.all(calls)) {
    const version = textOf(answer) ?? 'none';
    counts[version] = (counts[version] ?? 0) + 1;
  }
  return counts;
}

/** Answers what the tool asks, as a client of 2026-07-28 does: it calls again. */
async function askVersion(): Promise<[asked: string, done: string]> {
  const capable = { [META.clientCapabilities]: { elicitation: { form: {} } } };
  const first = await send(cluster.url, toolCall('ask_version', {}, capable));
  const { inputRequests, requestState } = first.message.result as {
    inputRequests: Record<string, { params: { message: string } }>;
    requestState: string;
  };
  const [[key = '', request] = []] = Object.entries(inputRequests);
  const again = toolCall('ask_version', {}, capable);
  const params = {
    ...(again.body['params'] as object),
    requestState,
    inputResponses: { [key]: { action: 'accept', content: {} } },
  };
  const last = await send(cluster.url, { ...again, body: { ...again.body, params } });
  return [request?.params.message ?? '', textOf({ ...last.message, notifications: [] } as McpAnswer) ?? ''];
}

test('a canary takes its share, calls end where they began, and it leaves no trace', async () => {
  expect(await versions()).toEqual({ '1.0.0': CALLS });

  const canary = await cluster.startWorker({ VERSION: '2.0.0', MILLRACE_CANARY_WEIGHT: '30' });
  await cluster.seesWorkers(2);
  const counts = await versions();
  // 60 are to be expected; one that is out of these bounds comes once in a million runs.
  expect(counts['2.0.0']).toBeGreaterThan(25);
  expect(counts['2.0.0']).toBeLessThan(100);

  // Each is asked by the version that it is answered by: 30 % of them, and 70 %.
  for (let call = 0; call < 12; call += 1) {
    const [asked, done] = await askVersion();
    expect(asked).toBe(`Is ${done} right?`);
  }

  // A call that runs on it is finished by it, though it is told to go.
  const held = Array.from({ length: 12 }, (_, at) =>
    cluster.callTool({ name: 'hold_version', arguments: { key: `k${at}` } }),
  );
  const begun = await Promise.all(held.map((_, at) => startedOn(`k${at}`)));
  const ended = canary.stop();
  await canary.logs.first('stopping');
  for (const one of cluster.workers) for (const at of held.keys()) one.send({ release: `k${at}` });
  const answers = (await Promise.all(held)).map(textOf);
  expect(answers).toEqual(begun.map((worker) => (worker === canary ? '2.0.0' : '1.0.0')));
  expect((await ended).code).toBe(0);

  expect(await versions()).toEqual({ '1.0.0': CALLS });
});

function startedOn(key: string) {
  return Promise.any(
    cluster.workers.map((worker) => worker.logs.first('started', { key }).then(() => worker)),
  );
}
