import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DCLinter } from 'dclint';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { loadFrontDoorConfig } from '../../apps/front-door/src/index.ts';
import { loadWorkerConfig } from '../../apps/worker/src/index.ts';
import { lastOf, parseDockerfile, stepsOf } from './dockerfile.ts';

interface Service {
  readonly build?: { readonly target: string };
  readonly command?: readonly string[];
  readonly container_name?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition?: string }>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: object;
  readonly init?: boolean;
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly stop_grace_period?: string;
}

const ROOT = join(import.meta.dirname, '../..');
const FILE = join(ROOT, 'docker-compose.yml');
const text = readFileSync(FILE, 'utf8');
const compose = parse(text, { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
};
const stages = parseDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));
const { services } = compose;

/** Build and name of an image belong together here: the name is what the build makes. */
const RULES = { 'no-build-and-image': 0 } as const;

interface Finding {
  readonly rule: string;
  readonly category: string;
  readonly message: string;
}

/** What the linter finds, the Compose schema included; its taste for the order of keys left out. */
function faultsOf(file: string): string[] {
  const linter = new DCLinter({ rules: RULES, quiet: false, debug: false, exclude: [] });
  const findings = linter
    .lintFiles([file], false)
    .flatMap(({ messages }: { messages: Finding[] }) => messages);
  return findings
    .filter(({ rule }: Finding) => !rule.endsWith('-order'))
    .map(({ rule, message }: Finding) => `${rule}: ${message}`);
}

/** The environment of a container, with the defaults of `${NAME:-default}`. */
function environmentOf(name: string): Record<string, string> {
  const entries = Object.entries(services[name]?.environment ?? {});
  return Object.fromEntries(
    entries.map(([key, value]) => [key, value.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')]),
  );
}

function withFault(change: (text: string) => string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-compose-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'docker-compose.yml');
  writeFileSync(file, change(text));
  return faultsOf(file);
}

test('the file is what the Compose schema says, and the linter finds nothing', () => {
  expect(faultsOf(FILE)).toEqual([]);
});

test('a key that Compose does not know, or a wrong type, is found out', () => {
  expect(withFault((file) => file.replace('cap_drop:', 'capdrop:'))).toEqual([
    expect.stringContaining('invalid-schema'),
  ]);
  expect(withFault((file) => file.replace('init: true', 'init: []'))).toEqual([
    expect.stringContaining('invalid-schema'),
  ]);
});

test('what it builds are targets of the Dockerfile', () => {
  const targets = Object.values(services).flatMap(({ build }) => build?.target ?? []);
  expect(targets).toEqual(['front-door', 'worker']);
  expect(stages.map(({ name }) => name)).toEqual(expect.arrayContaining(targets));
});

test('whoever is waited for can tell that it is healthy', () => {
  const awaited = Object.values(services).flatMap(({ depends_on = {} }) =>
    Object.entries(depends_on)
      .filter(([, { condition }]) => condition === 'service_healthy')
      .map(([name]) => name),
  );
  const built = (name: string) => services[name]?.build?.target ?? '';
  const healthy = (name: string) =>
    services[name]?.healthcheck ?? lastOf(stepsOf(stages, built(name)), 'HEALTHCHECK');
  expect(awaited.filter((name) => !healthy(name))).toEqual([]);
  expect(['front-door', 'worker'].filter((name) => !healthy(name))).toEqual([]);
});

test('nothing is reached from outside the machine', () => {
  const ports = Object.values(services).flatMap((service) => service.ports ?? []);
  expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
});

test('there may be as many workers as one likes: nothing of theirs can be taken twice', () => {
  const { worker } = services;
  expect([worker?.ports, worker?.container_name, worker?.init]).toEqual([undefined, undefined, true]);
});

test('Redis keeps what waits over a restart, and never throws keys away', () => {
  const command = services['redis']?.command?.join(' ');
  expect(command).toContain('--appendonly yes');
  expect(command).toContain('--maxmemory-policy noeviction');
});

test('the programs take their settings', () => {
  expect(loadFrontDoorConfig({ env: environmentOf('front-door') })).toMatchObject({
    redisUrl: 'redis://redis:6379',
  });
  const worker = loadWorkerConfig({ env: environmentOf('worker') });
  expect(worker.plugins.filter((plugin) => !existsSync(join(ROOT, plugin)))).toEqual([]);
});

test('what front doors and workers must share reaches both', () => {
  for (const name of ['AUTH', 'ENVELOPE_KEY', 'PREVIOUS_ENVELOPE_KEY', 'AUTHORIZATION', 'PAYLOAD_KEYS']) {
    const [frontDoor, worker] = ['front-door', 'worker'].map(
      (service) => services[service]?.environment?.[`MILLRACE_${name}`],
    );
    expect(frontDoor).toContain(`\${MILLRACE_${name}:-`);
    expect(worker).toBe(frontDoor);
  }
});

test('containers get longer to stop than the programs give themselves', () => {
  const graceMs = (name: string) => Number.parseInt(services[name]?.stop_grace_period ?? '0', 10) * 1_000;
  const frontDoor = loadFrontDoorConfig({ env: environmentOf('front-door') });
  const worker = loadWorkerConfig({ env: environmentOf('worker') });
  expect(graceMs('front-door')).toBeGreaterThan(frontDoor.shutdownTimeoutMs);
  expect(graceMs('worker')).toBeGreaterThan(worker.shutdownTimeoutMs);
});

test('Prometheus and Grafana come only when asked for, and read the admin ports', () => {
  const inProfile = Object.keys(services).filter((name) =>
    services[name]?.profiles?.includes('observability'),
  );
  expect(inProfile).toEqual(['prometheus', 'grafana']);
  const { scrape_configs: jobs } = parse(compose.configs['prometheus']?.content ?? '');
  const targets = jobs.map(
    (job: { dns_sd_configs: [{ names: string[]; port: number }] }) => job.dns_sd_configs[0],
  );
  const frontDoor = loadFrontDoorConfig({ env: environmentOf('front-door') });
  const worker = loadWorkerConfig({ env: environmentOf('worker') });
  expect(targets).toEqual([
    { names: ['front-door'], type: 'A', port: frontDoor.adminPort },
    { names: ['worker'], type: 'A', port: worker.adminPort },
  ]);
  for (const { content } of Object.values(compose.configs)) expect(parse(content)).toBeTypeOf('object');
});
