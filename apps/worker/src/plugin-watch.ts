import { type FSWatcher, watch } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Logger, Service } from '@millrace/service';
import type { Plugin, Registry } from '@millrace/toolkit';
import { ModuleVersions } from './module-versions.ts';
import { pluginOf } from './plugin-loader.ts';

export interface PluginWatchOptions {
  /** As `MILLRACE_PLUGINS` names them; packages are not watched. */
  readonly specifiers: readonly string[];
  /** What paths are relative to. */
  readonly directory: string;
  /** The plugins as they were loaded, in the same order. */
  readonly known: readonly Plugin[];
  readonly registry: Pick<Registry, 'replace' | 'unregister'>;
  readonly logger: Logger;
}

/** One plugin that is watched. */
interface Watched {
  readonly path: string;
  /** Under which name it is served. */
  name: string;
}

/** An editor writes a file in several steps: changes within this time are one, in milliseconds. */
const TOGETHER_MS = 100;

/** Neither temporary files of editors nor what is installed. */
const IGNORED = /(^|[/\\])(node_modules|\.)|~$/;

/** Takes in a plugin anew whenever a file in its folder changes; one that is broken leaves the last one in place. */
export class PluginWatch implements Service {
  readonly #options: PluginWatchOptions;
  readonly #watched: readonly Watched[];
  #modules: ModuleVersions | undefined;
  #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;
  #reloading: Promise<void> = Promise.resolve();

  constructor(options: PluginWatchOptions) {
    this.#options = options;
    this.#watched = options.specifiers.flatMap((specifier, at) => {
      const isPath = specifier.startsWith('.') || isAbsolute(specifier);
      const name = options.known[at]?.name;
      return isPath && name !== undefined ? [{ path: resolve(options.directory, specifier), name }] : [];
    });
  }

  async start(): Promise<void> {
    if (this.#modules) return;
    const folders = [...new Set(this.#watched.map(({ path }) => dirname(path)))];
    this.#modules = new ModuleVersions(folders.map((folder) => `${pathToFileURL(folder).href}/`));
    this.#watchers = folders.map((folder) =>
      watch(folder, { recursive: true }, (_, file) => {
        if (file === null || !IGNORED.test(file)) this.#changed();
      }),
    );
    this.#options.logger.info({ folders }, 'watching plugins');
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.splice(0)) watcher.close();
    await this.#reloading;
    this.#modules?.close();
    this.#modules = undefined;
  }

  #changed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#reloading = this.#reloading.then(() => this.#reloadAll());
    }, TOGETHER_MS);
  }

  async #reloadAll(): Promise<void> {
    for (const watched of this.#watched) await this.#reload(watched);
  }

  async #reload(watched: Watched): Promise<void> {
    const { registry, logger } = this.#options;
    const { path } = watched;
    try {
      const module = await this.#modules?.load(pathToFileURL(path).href);
      const plugin = pluginOf(module?.default, path);
      if (plugin.name !== watched.name) await registry.unregister(watched.name);
      watched.name = plugin.name;
      // Not waited for: the calls on the last version may take their time.
      const replaced = registry.replace(plugin);
      replaced.then(
        () => logger.info({ plugin: plugin.name, version: plugin.version }, 'a plugin was taken in anew'),
        (err: unknown) => logger.error({ err, plugin: plugin.name }, 'a changed plugin was not taken in'),
      );
    } catch (err) {
      logger.error({ err, path }, 'a changed plugin was not taken in');
    }
  }
}
