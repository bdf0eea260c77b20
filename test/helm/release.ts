import { randomBytes } from 'node:crypto';
import { findLeftovers } from '../support/leftovers.ts';
import { pluginPath } from '../support/plugin-path.ts';
import { Chart, find, type Manifest, type Tree, type Values } from './chart.ts';
import { HELM_VERSIONS } from './helm-binaries.ts';
import { type Decision, decide } from './keda.ts';
import { PodProcess } from './pod-process.ts';

const VERSION = HELM_VERSIONS.at(-1) ?? '';

/** An installation of which the first front door runs here, on a Redis below a prefix of its own. */
export class Release {
  readonly prefix = `test-${randomBytes(4).toString('hex')}`;
  readonly manifests: readonly Manifest[];
  admin = '';
  url = '';
  readonly #redisUrl: string;
  readonly #pods: PodProcess[] = [];

  /** @param autoscaling of the one pool, which has the fixture plugin unless the values say something else */
  constructor(redisUrl: string, autoscaling: Values, values: Values = {}) {
    this.#redisUrl = redisUrl;
    const pool = {
      slots: 4,
      plugins: [pluginPath('fixture')],
      autoscaling: { mode: 'keda', ...autoscaling },
    };
    const common = { redis: { url: redisUrl }, auth: { mode: 'none' }, prefix: this.prefix };
    this.manifests = new Chart(VERSION).render({ ...common, pools: { default: pool }, ...values });
  }

  get scaledObject(): Manifest {
    return find(this.manifests, 'ScaledObject', 'demo-millrace-worker-default');
  }

  async startFrontDoor(): Promise<PodProcess> {
    const frontDoor = this.#start('front-door', 'demo-millrace-front-door');
    const { http, admin } = await frontDoor.listening();
    this.url = `http://127.0.0.1:${http?.port}/mcp`;
    this.admin = `127.0.0.1:${admin.port}`;
    return frontDoor;
  }

  async startWorker(): Promise<PodProcess> {
    const worker = this.#start('worker', 'demo-millrace-worker-default');
    await worker.listening();
    return worker;
  }

  /** Starts a pod that ends by itself, near the front door that runs here. */
  run(spec: Tree, env: Readonly<Record<string, string>> = {}): PodProcess {
    const { manifests, url } = this;
    return new PodProcess({ manifests, spec, image: 'front-door', env: { MILLRACE_URL: url, ...env } });
  }

  /** What KEDA makes of it at this moment, with the Service of the admin port at the front door that runs here. */
  decide(): Promise<Decision> {
    return decide(this.scaledObject.spec, { resolve: (host) => this.#resolve(host) });
  }

  /** Ends what runs. Rejects when a pod does not end with 0, or when keys are left that nothing will ever remove. */
  async stop(redisUrl = this.#redisUrl): Promise<void> {
    for (const pod of this.#pods) pod.signal('SIGTERM');
    const codes = await Promise.all(this.#pods.map((pod) => pod.ended()));
    const leftovers = await findLeftovers(redisUrl, this.prefix);
    if (codes.some((code) => code !== 0)) throw new Error(`pods ended with ${codes.join(', ')}`);
    if (leftovers.length > 0) throw new Error(`keys without a time to live: ${leftovers.join(', ')}`);
  }

  #resolve(host: string): string {
    const [name = '', namespace] = host.split(':')[0]?.split('.') ?? [];
    const { spec } = find(this.manifests, 'Service', name);
    if (namespace !== 'tools' || spec.ports[0].port !== Number(host.split(':')[1])) {
      throw new Error(`the chart has no Service at ${host}`);
    }
    return this.admin;
  }

  #start(image: string, deployment: string): PodProcess {
    const { spec } = find(this.manifests, 'Deployment', deployment).spec.template;
    const pod = new PodProcess({ manifests: this.manifests, spec, image });
    this.#pods.push(pod);
    return pod;
  }
}
