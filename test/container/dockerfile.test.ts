import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_ENVIRONMENT, NODE_FLAGS } from '@millrace/service';
import { validate } from 'dockerfile-utils';
import { expect, test } from 'vitest';
import { environmentOf, lastOf, parseDockerfile, type Step, stepsOf } from './dockerfile.ts';

const ROOT = join(import.meta.dirname, '../..');
const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
const stages = parseDockerfile(text);
const TARGETS = ['front-door', 'worker', 'cli'];
const readJson = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
const nodeVersion: string = readJson('node_modules/node/package.json').version;

/** What this project asks of a Dockerfile beyond correct syntax. @returns what is wrong, one line each */
function faultsOf(steps: readonly Step[]): string[] {
  const faults: string[] = [];
  const last = (keyword: string) => lastOf(steps, keyword);
  if (!/^[1-9]\d*:[1-9]\d*$/.test(last('USER')?.text ?? ''))
    faults.push('the last USER is not a number above 0');
  if (!last('STOPSIGNAL')) faults.push('no STOPSIGNAL');
  if (!last('ENTRYPOINT')?.words) faults.push('no ENTRYPOINT in JSON form, so signals end in a shell');
  if (last('CMD') && !last('CMD')?.words) faults.push('CMD is not in JSON form');
  if (steps.some(({ keyword }) => keyword === 'ADD')) faults.push('ADD instead of COPY');
  if (steps.some(({ keyword, text }) => keyword === 'WORKDIR' && !text.startsWith('/'))) {
    faults.push('a WORKDIR is not absolute');
  }
  if (steps.some(({ keyword, text }) => keyword === 'RUN' && /\bsudo\b|\bapt-get upgrade\b/.test(text))) {
    faults.push('RUN changes what the base image is');
  }
  const secrets = Object.keys(environmentOf(steps)).filter((name) => /PASSWORD|SECRET|TOKEN|KEY$/.test(name));
  for (const name of secrets) faults.push(`ENV keeps the secret ${name} in the image`);
  return faults;
}

test('the syntax is right', () => {
  expect(validate(text)).toEqual([]);
});

test.each(TARGETS)('%s runs as a user of its own, gets its signals, and keeps no secret', (target) => {
  expect(faultsOf(stepsOf(stages, target))).toEqual([]);
});

test('a bad file is found out', () => {
  const bad = parseDockerfile(
    'FROM node:24\nWORKDIR app\nADD . .\nENV API_TOKEN=x\nUSER node\nRUN sudo ls\nCMD node main.js\n',
  );
  expect(faultsOf(bad[0]?.steps ?? [])).toHaveLength(8);
  expect(validate('FROM node\nCOPI a b\n').length).toBeGreaterThan(0);
});

test.each(['front-door', 'worker'])('%s has a health check and the flags of a small process', (target) => {
  const steps = stepsOf(stages, target);
  expect(lastOf(steps, 'HEALTHCHECK')?.text).toContain('/readyz');
  expect(lastOf(steps, 'ENTRYPOINT')?.words?.slice(1, -1)).toEqual([...NODE_FLAGS]);
  // Else what the image has compiled would not be found.
  expect(lastOf(steps, 'RUN')?.text).toContain(`node ${NODE_FLAGS.join(' ')} --input-type=module`);
  const { NODE_COMPILE_CACHE, ...environment } = NODE_ENVIRONMENT;
  expect(environmentOf(steps)).toMatchObject(environment);
});

test('the Node of the images is that of the tests, by its exact version', () => {
  const images = new Set(stages.map(({ base }) => base).filter((base) => base.includes(':')));
  expect([...images]).toEqual([`node:${nodeVersion}-bookworm-slim`]);
});

test('every stage is needed by a target', () => {
  const needed = new Set<string>(TARGETS);
  for (const { name, base, steps } of stages.toReversed()) {
    if (!needed.has(name)) continue;
    for (const other of [base, ...steps.map(({ flags }) => flags.get('from') ?? '')]) needed.add(other);
  }
  expect(stages.map(({ name }) => name).filter((name) => !needed.has(name))).toEqual([]);
});
