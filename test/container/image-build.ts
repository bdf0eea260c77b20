import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DockerIgnore } from './docker-ignore.ts';
import { environmentOf, type Stage, type Step, stepsOf } from './dockerfile.ts';

export interface BuildOptions {
  readonly stages: readonly Stage[];
  /** Folder that `COPY` takes from. */
  readonly context: string;
  /** Text of the `.dockerignore` of the context. */
  readonly ignore: string;
  /** Folder for the file systems of the stages, one below it for each. */
  readonly root: string;
  /** Folder of the `node` that stands for the one of the base image. */
  readonly nodeFolder: string;
}

/** What changes the files of a stage. */
const CHANGES = ['WORKDIR', 'COPY', 'RUN'];

/** Not root: what an image builder may do as root is then left out. */
const WITHOUT_ROOT = 'chown() { :; }; ';

/**
 * Runs the steps of a Dockerfile without a container engine: each stage has a folder instead of a file system, where
 * there is only what its steps put there. Paths of the image are taken below that folder.
 */
export class ImageBuild {
  readonly #options: BuildOptions;
  readonly #built = new Set<string>();

  constructor(options: BuildOptions) {
    this.#options = options;
  }

  /** @returns the folder that stands for the root of the image */
  build(name: string): string {
    const { stages } = this.#options;
    const stage = stages.find((one) => one.name === name);
    if (!stage) throw new Error(`the Dockerfile has no stage ${name}`);
    const root = this.rootOf(name);
    if (this.#built.has(name)) return root;
    this.#built.add(name);
    mkdirSync(root, { recursive: true });
    const base = stages.some((one) => one.name === stage.base) ? this.build(stage.base) : root;
    if (base !== root) copyTree(base, root);
    for (const step of stage.steps) this.#run(step, name);
    return root;
  }

  /** Takes a stage as it is, because another build of the same root made it. */
  adopt(name: string): void {
    this.#built.add(name);
  }

  /** A stage whose steps change no file has that of its base. */
  rootOf(name: string): string {
    const stage = this.#options.stages.find((one) => one.name === name);
    const changes = stage?.steps.some(({ keyword }) => CHANGES.includes(keyword)) ?? true;
    return stage && !changes ? this.rootOf(stage.base) : join(this.#options.root, name);
  }

  /** The working directory of a stage, as a path of this machine. */
  workdirOf(name: string): string {
    const workdir = stepsOf(this.#options.stages, name).findLast(({ keyword }) => keyword === 'WORKDIR');
    return join(this.rootOf(name), workdir?.text ?? '/');
  }

  /** An absolute path of a stage, as a path of this machine. */
  pathIn(name: string, path: string): string {
    return join(this.rootOf(name), path);
  }

  /** The environment of a container of this stage; absolute paths are those of this machine. */
  environmentOf(name: string): Record<string, string> {
    const environment = environmentOf(stepsOf(this.#options.stages, name));
    const mapped = Object.entries(environment).map(([key, value]) => [
      key,
      value.startsWith('/') ? join(this.rootOf(name), value) : value,
    ]);
    return { ...Object.fromEntries(mapped), PATH: `${this.#options.nodeFolder}:${process.env['PATH']}` };
  }

  #run(step: Step, stage: string): void {
    if (step.keyword === 'WORKDIR') mkdirSync(join(this.rootOf(stage), step.text), { recursive: true });
    else if (step.keyword === 'COPY') this.#copy(step, stage);
    else if (step.keyword === 'RUN') this.#shell(step, stage);
  }

  #copy(step: Step, stage: string): void {
    const words = step.text.split(/\s+/);
    const target = join(this.workdirOf(stage), words.at(-1) ?? '.');
    const from = step.flags.get('from');
    for (const source of words.slice(0, -1)) {
      if (from === undefined) this.#copyContext(source, target);
      else copyTree(join(this.build(from), source), target);
    }
  }

  #copyContext(source: string, target: string): void {
    const { context, ignore } = this.#options;
    const ignored = new DockerIgnore(ignore);
    const folder = join(context, source);
    const exclude = ['**/node_modules', '**/.git'];
    for (const file of globSync('**/*', { cwd: folder, exclude, withFileTypes: true })) {
      const path = join(file.parentPath, file.name);
      if (!file.isFile() || ignored.ignores(path.slice(context.length + 1))) continue;
      copyTree(path, join(target, path.slice(folder.length)));
    }
  }

  #shell(step: Step, stage: string): void {
    const script = process.getuid?.() === 0 ? step.text : WITHOUT_ROOT + step.text;
    const { status, stdout, stderr } = spawnSync('sh', ['-ec', script], {
      cwd: this.workdirOf(stage),
      env: { ...builderEnvironment(), ...this.environmentOf(stage) },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`RUN ${step.text}: exit code ${status}\n${stdout}${stderr}`);
  }
}

/** How this machine reaches the registry; nothing of what npm or Millrace set for this very process. */
function builderEnvironment(): Record<string, string | undefined> {
  const own = /^(npm_(package|lifecycle|config_local_prefix)|INIT_CWD|NODE_|MILLRACE_|REDIS_URL|VITEST)/;
  const kept = Object.entries(process.env).filter(([name]) => !own.test(name) || name.endsWith('_CA_CERTS'));
  return { ...Object.fromEntries(kept), npm_config_prefer_offline: 'true' };
}

function copyTree(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  // Links stay as they are: those of the workspaces are relative.
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
}
