import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { helmProgram } from './helm-binaries.ts';

export const CHART = join(import.meta.dirname, '../../helm/millrace');

/** Names of what the tests install. */
export const RELEASE = 'demo';
export const NAMESPACE = 'tools';

// biome-ignore lint/suspicious/noExplicitAny: what a manifest holds is checked against the types of Kubernetes, in a test
export type Tree = any;

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: Tree;
  /** Of a Secret: in base64. */
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
}

export interface Pod {
  /** Kind and name of what starts it. */
  readonly name: string;
  readonly metadata: Manifest['metadata'];
  readonly spec: Tree;
}

export type Values = Readonly<Record<string, unknown>>;

export interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

/** What one needs to say for an installation, and nothing else. */
export const MINIMUM: Values = { redis: { url: 'redis://redis.example:6379' }, auth: { mode: 'none' } };

/** The chart in the hands of one version of Helm. */
export class Chart {
  readonly #helm: string;
  readonly #folder: string;

  constructor(version: string, folder = CHART) {
    this.#helm = helmProgram(version);
    this.#folder = folder;
  }

  /** @throws Error with Helm's own words when the values are refused */
  render(values: Values): Manifest[] {
    const { ok, output } = this.tryRender(values);
    if (!ok) throw new Error(output);
    return parseAllDocuments(output, { version: '1.1' })
      .map((document) => document.toJS() as Manifest | null)
      .filter((manifest) => manifest !== null);
  }

  tryRender(values: Values): Outcome {
    return this.#run(['template', RELEASE, this.#folder, '--namespace', NAMESPACE], values);
  }

  lint(values: Values): Outcome {
    return this.#run(['lint', '--strict', this.#folder], values);
  }

  /** The notes that an installation prints. */
  notes(values: Values): string {
    const args = ['install', RELEASE, this.#folder, '--namespace', NAMESPACE, '--dry-run=client'];
    const { ok, output } = this.#run(args, values);
    if (!ok) throw new Error(output);
    return output.slice(output.indexOf('NOTES:'));
  }

  #run(args: readonly string[], values: Values): Outcome {
    const home = join(tmpdir(), 'millrace-helm-home');
    const { status, stdout, stderr } = spawnSync(this.#helm, [...args, '--values', '-'], {
      input: JSON.stringify(values),
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: home },
      maxBuffer: 64 * 1024 * 1024,
    });
    return status === 0 ? { ok: true, output: stdout } : { ok: false, output: stdout + stderr };
  }
}

/** @throws Error when there is none of this kind and name */
export function find(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.find(
    (one) => one.kind === kind && (name === undefined || one.metadata.name === name),
  );
  if (!found) throw new Error(`the chart renders no ${kind} ${name ?? ''}`);
  return found;
}

/** The content of a Secret of the chart as a container gets it. */
export function secretOf(manifests: readonly Manifest[], name: string): Readonly<Record<string, string>> {
  const { data = {}, stringData = {} } = find(manifests, 'Secret', name);
  const decoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]);
  return { ...Object.fromEntries(decoded), ...stringData };
}

/** Every pod that the manifests would start. */
export function podsOf(manifests: readonly Manifest[]): Pod[] {
  return manifests.flatMap(({ kind, metadata, spec }) => {
    const name = `${kind} ${metadata.name}`;
    if (kind === 'Pod') return [{ name, metadata, spec }];
    return spec?.template?.spec ? [{ name, metadata: spec.template.metadata, spec: spec.template.spec }] : [];
  });
}
