import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { loadTracer } from './load-tracer.ts';
import { createLogger } from './logger.ts';
import { parseTraceParent } from './trace-parent.ts';

const SILENT = createLogger({ name: 'test', level: 'silent' });
const CLIENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7';

/** A tracer whose receiver keeps the bodies that it gets, and answers with this status. */
async function tracerTo(sampling: number, status = 200) {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      bodies.push(text);
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const traceEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ name: 'test', level: 'info', destination });
  const tracer = await loadTracer('test', { traceEndpoint, traceSampling: sampling }, logger);
  if (!tracer) throw new Error('there is no tracer');
  return { tracer, bodies, lines };
}

test('without a receiver there is no tracer', async () => {
  expect(await loadTracer('test', { traceSampling: 1 }, SILENT)).toBeUndefined();
});

test('a request that is not traced is not even described', async () => {
  const { tracer } = await tracerTo(0);
  const describe = vi.fn(() => ({ name: 'call' }));
  expect(tracer.begin(undefined, describe)).toBeUndefined();
  expect(tracer.begin(`${CLIENT}-00`, describe)).toBeUndefined();
  expect(describe).not.toHaveBeenCalled();
  await tracer.stop();
});

test('what the client wants traced is traced, whatever chance says, as a part of its trace', async () => {
  const { tracer } = await tracerTo(0);
  const span = tracer.begin(`${CLIENT}-01`, () => ({ name: 'call' }));
  expect(parseTraceParent(span?.traceparent ?? '')?.traceId).toBe(CLIENT.split('-')[1]);
  expect(span?.traceparent).not.toContain(CLIENT);
  await tracer.stop();
});

test('a parent that is none leaves it to chance', async () => {
  const { tracer } = await tracerTo(1);
  expect(tracer.begin('nonsense', () => ({ name: 'call' }))).toBeDefined();
  await tracer.stop();
});

test('what was not sent yet is sent at the end', async () => {
  const { tracer, bodies } = await tracerTo(1);
  const span = tracer.begin(undefined, () => ({ name: 'call' }));
  span?.step('part').end('failed');
  span?.end();
  span?.end('too late');
  await tracer.stop();
  expect(bodies.join()).toContain('"name":"part"');
  expect(bodies.join()).toContain('"stringValue":"failed"');
  expect(bodies.join()).not.toContain('too late');
});

test('a receiver that refuses does no harm', async () => {
  const { tracer, bodies, lines } = await tracerTo(1, 400);
  tracer.begin(undefined, () => ({ name: 'call' }))?.end();
  await expect(tracer.stop()).resolves.toBeUndefined();
  expect(bodies).toHaveLength(1);
  expect(lines.join()).toContain('the last spans were not sent');
});
